// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>
#include <vector>

namespace kdump::agent {

/// The table of a multipath device over these paths ("major:minor", the one to begin with first):
/// one at a time, the next when it fails, an error when there is none left.
[[nodiscard]] MapRow multipath_row(std::uint64_t sectors,
                                   const std::string& handler,
                                   const std::vector<std::string>& paths);

/// Sets up a disk over the paths that appear. When a quarter of the time is over, one is enough,
/// and those that are missing are named. kTimeout without any.
Status set_up_multipath(const CaptureContext& context,
                        const config::PlannedMultipath& planned,
                        Deadline deadline);

/// Sets up a partition of it, as the partition table on it says.
Status set_up_partition(const CaptureContext& context,
                        const config::PlannedPartition& planned,
                        Deadline deadline);

}  // namespace kdump::agent
