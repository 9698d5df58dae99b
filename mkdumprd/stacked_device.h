// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/block_device.h"

#include <string>

namespace kdump::mkdumprd {

/// For an LVM logical volume, an md array or a LUKS2 volume at `disk` (in sysfs): the volumes to
/// set up and the devices below them, at most 8 layers deep. What the agent cannot set up (thin or
/// mirrored volumes, external md metadata, encryption without a kernel that hands on keys) becomes
/// the device's obstacle. False for any other device.
Result<bool> add_volume(const SysRoot& root, const std::string& disk, int depth, BlockDevice& out);

}  // namespace kdump::mkdumprd
