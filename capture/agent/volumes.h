// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/lvm_metadata.h"
#include "base/result.h"
#include "capture/agent/capture.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kdump::agent {

/// The device-mapper table of a volume over the physical volumes found so far (UUID without hyphens
/// -> "major:minor"); nothing as long as one is missing.
[[nodiscard]] std::optional<std::vector<MapRow>> table_of(
    const LvmVolume& volume, const std::map<std::string, std::string>& physical_volumes);

/// Sets up md arrays and logical volumes in their order, each from what is on the disks and within
/// the plan's deadline for devices. An array whose members do not all appear is started without
/// them when half of the time is over; the kernel refuses where that cannot work.
Status set_up_volumes(const CaptureContext& context,
                      const std::vector<config::PlannedVolume>& volumes);

}  // namespace kdump::agent
