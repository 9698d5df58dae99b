// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"
#include "config/sysconfig.h"
#include "kdumpctl/kexec_args.h"

namespace kdump::ctl {

/// Both configuration files, read and checked.
struct Settings {
  config::KdumpConfig config;
  config::Sysconfig sysconfig;
  KexecOptions kexec;
};

/// Reads /etc/kdump.conf and /etc/sysconfig/kdump and reports every finding in both. kUsage when
/// one of them is an error.
Result<Settings> load_settings(const SysRoot& root, const Log& log);

}  // namespace kdump::ctl
