// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/support/vmcore/toy_kernel.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kdump::capture::test {

/// Type information (BTF) with struct page, struct zone, nodemask_t and two enumerations.
[[nodiscard]] std::string toy_btf();

/// Bytes in the kernel's image; returns where.
VirtAddr place_bytes(ToyKernel& kernel, std::string_view bytes);

/// kallsyms with a token for each character, addresses as distances from a base.
void add_kallsyms(ToyKernel& kernel, const std::vector<std::pair<std::string, VirtAddr>>& symbols);

}  // namespace kdump::capture::test
