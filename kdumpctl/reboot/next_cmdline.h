// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/cmdline_editor.h"

#include <string_view>

namespace kdump::ctl::reboot {

/// A command line for a kernel that is rebooted into, made from a boot entry's or the running
/// kernel's: without what the boot loader put there for itself, what was meant for one boot
/// (single, rescue, systemd.unit=emergency.target, rd.break ...), what only a panic kernel may
/// have, and, unless `keep_quiet`, rhgb and quiet. crashkernel= stays. Pure.
[[nodiscard]] EditedCommandLine next_command_line(std::string_view text, bool keep_quiet);

}  // namespace kdump::ctl::reboot
