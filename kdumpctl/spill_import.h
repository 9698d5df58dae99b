// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"

#include <optional>
#include <string>

namespace kdump::ctl {

/// What the last capture has left at the head of kdump.conf's spill_device (config/spill_area.h):
/// the record becomes FOLDER/kdump-failure-DATE.txt, the crashed kernel's messages
/// FOLDER/kdump-failure-DATE-dmesg.txt, both with mode 0600, and the area is marked as taken.
/// Returns a sentence with the reason and the files; nothing without a spill device or without
/// anything on it.
Result<std::optional<std::string>> fetch_spill_area(const SysRoot& root,
                                                    const config::KdumpConfig& config,
                                                    const std::string& folder);

}  // namespace kdump::ctl
