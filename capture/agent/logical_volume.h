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

/// The device-mapper table of these parts over the physical volumes found so far (UUID without
/// hyphens -> "major:minor"); nothing as long as one is missing.
[[nodiscard]] std::optional<std::vector<MapRow>> table_of(
    const std::vector<LvmSegment>& segments,
    const std::map<std::string, std::string>& physical_volumes);

/// Sets up an LVM volume from the volume group's newest metadata on the disks, a thin one with its
/// pool. A pool that is full refuses writes instead of waiting for somebody who extends it.
/// kTimeout when parts are missing at the deadline; kBadData for a pool that takes no writes.
Status set_up_logical_volume(const CaptureContext& context,
                             const config::PlannedLogicalVolume& planned,
                             Deadline deadline);

}  // namespace kdump::agent
