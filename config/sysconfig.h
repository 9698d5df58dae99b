// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/diagnostic.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

/// /etc/sysconfig/kdump: the variables kdump-utils and its ancestors know. An unset variable has
/// the default of the running architecture (docs/man/kdump.sysconfig.5).
struct Sysconfig {
  std::string kernel_version;  ///< KDUMP_KERNELVER; "": the running kernel
  std::string commandline;     ///< KDUMP_COMMANDLINE; "": /proc/cmdline
  std::vector<std::string>
      commandline_remove;  ///< KDUMP_COMMANDLINE_REMOVE: names; a value after `=` is ignored
  std::string commandline_append;            ///< KDUMP_COMMANDLINE_APPEND
  std::string fadump_commandline_append;     ///< FADUMP_COMMANDLINE_APPEND
  std::vector<std::string> mkdumprd_args;    ///< MKDUMPRD_ARGS
  std::vector<std::string> kexec_args;       ///< KEXEC_ARGS
  int kexec_args_line = 0;                   ///< where it is assigned; 0: the default
  std::string boot_directory;                ///< KDUMP_BOOTDIR; "": searched
  std::string image_name = "vmlinuz";        ///< KDUMP_IMG
  std::string image_extension;               ///< KDUMP_IMG_EXT
  bool vmcore_creation_notification = true;  ///< VMCORE_CREATION_NOTIFICATION
  int stderr_log_level = 3;                  ///< KDUMP_STDLOGLVL, 0..4
  int syslog_level = 0;                      ///< KDUMP_SYSLOGLVL
  int kmsg_log_level = 0;                    ///< KDUMP_KMSGLOGLVL
};

struct CheckedSysconfig {
  Sysconfig settings;
  Diagnostics diagnostics;
  std::string file{};                               ///< for messages
  std::map<std::string, int, std::less<>> lines{};  ///< of the variables that the file assigns
};

/// What an unset variable means on a machine as uname(2) names it ("x86_64", "aarch64"): the values
/// that Fedora and RHEL ship for it.
[[nodiscard]] Sysconfig sysconfig_defaults(std::string_view machine);

/// The machine this program was built for, as uname(2) names it.
[[nodiscard]] std::string_view build_machine();

/// `NAME=value` lines in shell quoting (single, double, backslash, comments, `export`, line
/// continuation) read as data: never executed. A `$variable`, a command substitution or any other
/// shell construct is an error that names its line and remedy.
/// `$NAME` of a variable assigned earlier in the same file is expanded, since existing files do
/// that. Pure.
[[nodiscard]] CheckedSysconfig check_sysconfig(std::string_view text,
                                               const std::string& file,
                                               std::string_view machine = build_machine());

/// The variables that the file may have.
[[nodiscard]] std::vector<std::string_view> sysconfig_variables();

/// Reads and checks /etc/sysconfig/kdump; an absent file gives the defaults.
Result<CheckedSysconfig> load_sysconfig(const SysRoot& root,
                                        const std::string& path = "/etc/sysconfig/kdump");

}  // namespace kdump::config
