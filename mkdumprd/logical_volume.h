// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/block_device.h"

#include <string>

namespace kdump::mkdumprd {

/// For an LVM logical volume at `disk` (in sysfs) with this device-mapper UUID: the physical
/// volumes that it and its pool lie on, and itself. What the agent cannot set up, and a thin pool
/// that takes no writes, becomes the device's obstacle. False for any other device.
Result<bool> add_logical_volume(const SysRoot& root,
                                const std::string& disk,
                                const std::string& dm_uuid,
                                int depth,
                                BlockDevice& out);

}  // namespace kdump::mkdumprd
