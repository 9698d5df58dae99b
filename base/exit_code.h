// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace kdump {

/// Exit codes of the tools. kdumpctl's are those of kdump-utils' kdumpctl; the collector's those of
/// makedumpfile.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
/// Command line not understood (CLI tools other than kdumpctl, which says 1 as it always did).
inline constexpr int kExitUsage = 2;
/// kdump-collect: the vmlinux or VMCOREINFO file is that of another kernel than the dump.
inline constexpr int kExitMismatch = 2;
/// `kdumpctl status`: no panic kernel is loaded (LSB: program is not running).
inline constexpr int kExitNotOperational = 3;

/// kdump-ssh: server and client do not know each other's keys; trying again does not help.
inline constexpr int kExitRefused = 4;

}  // namespace kdump
