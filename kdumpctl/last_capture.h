// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"
#include "kdumpctl/saved_dumps.h"

#include <optional>
#include <string>

namespace kdump::ctl {

struct LastCapture {
  SavedDump dump;
  CaptureReport report;
};

/// The newest capture that is on this host; nothing without any, or when the target is not a
/// mounted local file system.
Result<std::optional<LastCapture>> last_capture(const SysRoot& root,
                                                const config::KdumpConfig& config);

/// One sentence: where the vmcore is, or why there is none.
[[nodiscard]] std::string summary_of(const LastCapture& last);

}  // namespace kdump::ctl
