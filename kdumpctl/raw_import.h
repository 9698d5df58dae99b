// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/kdump_config.h"
#include "kdumpctl/context.h"

#include <optional>
#include <string>

namespace kdump::ctl {

/// The dump that a capture kernel has left on a raw target of kdump.conf becomes
/// PATH/YYYY-MM-DD-HH:MM/vmcore with vmcore-dmesg.txt beside it, and the device is freed for the
/// next one. A stream that was cut short becomes vmcore-incomplete. Returns the folder; nothing
/// when there is no raw target or no dump on it.
Result<std::optional<std::string>> import_raw_dump(const Context& context,
                                                   const config::KdumpConfig& config);

/// The same for start and restart, which go on without it: reports what was found, or why it could
/// not be fetched.
void fetch_raw_dump(const Context& context, const config::KdumpConfig& config);

}  // namespace kdump::ctl
