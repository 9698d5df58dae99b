// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/sysconfig.h"

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

struct CmdlineChange {
  enum class Kind { kRemoved, kAdded };
  Kind kind = Kind::kRemoved;
  std::string text;    ///< the words, as written
  std::string reason;  ///< "KDUMP_COMMANDLINE_REMOVE", "the capture image decides what is mounted"
  friend bool operator==(const CmdlineChange&, const CmdlineChange&) = default;
};

struct PanicCommandLine {
  std::string text;  ///< without elfcorehdr=, which the loader puts in front
  std::vector<CmdlineChange> changes;
};

/// /proc/cmdline, /proc/cpuinfo, /sys/class/watchdog, the firmware's vendor.
Result<CmdlineFacts> read_cmdline_facts(const SysRoot& root);

/// The running kernel's command line (or KDUMP_COMMANDLINE) without what KDUMP_COMMANDLINE_REMOVE
/// names and what a panic kernel cannot use, with KDUMP_COMMANDLINE_APPEND and what this machine
/// needs. All other words stay as they are, in their order. Pure.
[[nodiscard]] PanicCommandLine panic_command_line(const config::Sysconfig& sysconfig,
                                                  const CmdlineFacts& facts);

}  // namespace kdump::ctl
