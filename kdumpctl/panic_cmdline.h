// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/sysconfig.h"
#include "kdumpctl/cmdline_editor.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// What the panic kernel's command line depends on besides the configuration.
struct CmdlineFacts {
  std::string running;   ///< /proc/cmdline
  bool aws_arm = false;  ///< an AWS Graviton machine
  /// APIC id of CPU 0, whose reset a capture kernel on several CPUs would trigger; "" on machines
  /// without one.
  std::string boot_cpu_apic_id;
  std::vector<std::string> watchdogs;  ///< drivers of the watchdogs that are armed now
};

/// Without elfcorehdr=, which the loader puts in front.
using PanicCommandLine = EditedCommandLine;

/// /proc/cmdline, /proc/cpuinfo, /sys/class/watchdog, the firmware's vendor.
Result<CmdlineFacts> read_cmdline_facts(const SysRoot& root);

/// The running kernel's command line (or KDUMP_COMMANDLINE) without what KDUMP_COMMANDLINE_REMOVE
/// names and what a panic kernel cannot use, with KDUMP_COMMANDLINE_APPEND and what this machine
/// needs. All other words stay as they are, in their order. Pure.
[[nodiscard]] PanicCommandLine panic_command_line(const config::Sysconfig& sysconfig,
                                                  const CmdlineFacts& facts);

}  // namespace kdump::ctl
