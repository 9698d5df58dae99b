// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <vector>

namespace kdump::agent {

/// Logs in to iSCSI targets and sets up multipath disks, md arrays, encrypted and logical volumes
/// in their order, each from what is on the disks and within the plan's deadline for devices. An
/// array whose members do not all appear is started without them when half of the time is over; the
/// kernel refuses where that cannot work.
Status set_up_volumes(const CaptureContext& context,
                      const std::vector<config::PlannedVolume>& volumes);

}  // namespace kdump::agent
