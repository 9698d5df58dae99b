// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/block_device.h"

#include <algorithm>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

template <typename T>
void add_new(T item, std::vector<T>& to) {
  if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(std::move(item));
}
inline void add_new(const char* item, std::vector<std::string>& to) {
  add_new(std::string(item), to);
}

/// The first obstacle is the one that is told.
void block(BlockDevice& out, std::string obstacle);

/// A device that a volume lies on; what it needs comes before the volume.
Result<BlockDevice> add_lower_device(const SysRoot& root,
                                     const std::string& number,
                                     int depth,
                                     BlockDevice& out);
/// Likewise all that sysfs names for the volume at `disk`; none 8 layers down.
Result<std::vector<BlockDevice>> read_slaves(const SysRoot& root,
                                             const std::string& disk,
                                             int depth,
                                             BlockDevice& out);

/// For an LVM logical volume, an md array, a LUKS2 volume, a multipath device or a partition of one
/// at `disk` (in sysfs): the volumes to set up and the devices below them, at most 8 layers deep.
/// What the agent cannot set up (mirrored or cached volumes, external md metadata, encryption
/// without a kernel that hands on keys) becomes the device's obstacle. False for any other device.
Result<bool> add_volume(const SysRoot& root, const std::string& disk, int depth, BlockDevice& out);

}  // namespace kdump::mkdumprd
