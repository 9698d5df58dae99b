// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

#include <string>
#include <string_view>

namespace kdump::boot {

/// Path of a variable of the Boot Loader Interface (systemd, "BOOT_LOADER_INTERFACE").
[[nodiscard]] std::string loader_variable_path(std::string_view name);

/// Its text, "" when it is not set. UTF-16 behind four bytes of attributes; what is not printable
/// ASCII becomes '?', which no file name here matches. At most 4 KiB.
[[nodiscard]] std::string loader_variable(const SysRoot& root, std::string_view name);

}  // namespace kdump::boot
