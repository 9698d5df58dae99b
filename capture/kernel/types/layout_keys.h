// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/types/type_source.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture {

/// VMCOREINFO text of every key that this program can use and that `types` and `symbols` (either
/// may be null) can answer, line by line as a kernel with all of these exports would write it. Keys
/// that no kernel exports are written in the same form.
///
/// Values that a kernel computes at boot (phys_base, KERNELOFFSET, ...) are none of its.
[[nodiscard]] std::string layout_keys(const TypeSource* types, const SymbolSource* symbols);

/// Every type, member and enumerator name that layout_keys() asks for.
[[nodiscard]] std::vector<std::string_view> layout_type_names();
/// Every symbol name that layout_keys() asks for.
[[nodiscard]] std::vector<std::string_view> layout_symbol_names();

}  // namespace kdump::capture
