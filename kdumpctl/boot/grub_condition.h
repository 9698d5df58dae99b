// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

#include <span>
#include <string>

namespace kdump::boot {

/// GRUB's `[ ... ]` between the brackets: strings, integers, files (looked for in the SysRoot),
/// `!`, -a and -o. What is not understood is false.
[[nodiscard]] bool grub_test(std::span<const std::string> words, const SysRoot& root);

}  // namespace kdump::boot
