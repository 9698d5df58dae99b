// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/support/vmcore/toy_kernel.h"

#include <cstdint>
#include <string>

namespace kdump::capture::test {

/// A kernel of an era with pages of every kind that a dump leaves out, in two banks of memory. All
/// pages from 0x9000 to 0x9aff hold something; those from 0x9a80 on cannot be compressed.
ToyKernel busy_kernel(const std::string& era);

/// Pages of its memory: the kernel's own structures, and the pages in question.
inline constexpr std::uint64_t kBusyPages = 0x2800 + 0x1100;
/// Of these, the ones that a dump of level 31 has.
inline constexpr std::uint64_t kBusyKept = kBusyPages - 1024 - 512 - 4 - 512;

}  // namespace kdump::capture::test
