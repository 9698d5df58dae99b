// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_conf.h"
#include "config/sysconfig.h"
#include "kdumpctl/kexec_args.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl {

/// Both configuration files, read and checked.
struct Settings {
  config::KdumpConfig config;
  config::Sysconfig sysconfig;
  KexecOptions kexec;
};

/// Both files as they are, errors included.
struct CheckedSettings {
  Result<config::CheckedConfig> conf;
  Result<config::CheckedSysconfig> sysconfig;  ///< with the findings about KEXEC_ARGS
  KexecOptions kexec{};
  std::vector<std::string> notes{};  ///< about KEXEC_ARGS, for those who want to know all

  [[nodiscard]] bool has_errors() const;
};

[[nodiscard]] CheckedSettings read_settings(const SysRoot& root);

/// The whole check of a text in /etc/sysconfig/kdump's grammar, KEXEC_ARGS included.
[[nodiscard]] config::CheckedSysconfig check_sysconfig_text(std::string_view text,
                                                            const std::string& file);

void report(const config::Diagnostics& diagnostics, const Log& log);

/// What can be used of both files without a word about errors: defaults in the place of a file that
/// has some.
[[nodiscard]] Settings usable_settings(const SysRoot& root);

/// Reads /etc/kdump.conf and /etc/sysconfig/kdump and reports every finding in both. kUsage when
/// one of them is an error.
Result<Settings> load_settings(const SysRoot& root, const Log& log);

}  // namespace kdump::ctl
