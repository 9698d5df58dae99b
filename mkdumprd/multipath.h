// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/block_device.h"

#include <string>

namespace kdump::mkdumprd {

/// For a dm-multipath device or a partition of one (kpartx) at `disk` in sysfs, with this
/// device-mapper UUID: its paths' devices, the disk and the partition. Paths that do not all name
/// the same disk become the device's obstacle. False for any other device.
Result<bool> add_multipath(const SysRoot& root,
                           const std::string& disk,
                           const std::string& dm_uuid,
                           int depth,
                           BlockDevice& out);

}  // namespace kdump::mkdumprd
