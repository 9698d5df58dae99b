// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"

#include <optional>
#include <string>

namespace kdump::ctl {

/// Why the last capture has left no vmcore: the newest dump folder's name and the errors in its
/// kexec-dmesg.log. Nothing when there is a vmcore in it, no dump at all, or when the target is not
/// a mounted local file system.
Result<std::optional<std::string>> explain_missing_vmcore(const SysRoot& root,
                                                          const config::KdumpConfig& config);

}  // namespace kdump::ctl
