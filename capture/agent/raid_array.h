// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>
#include <vector>

namespace kdump::agent {

/// An md array whose superblocks say how it is made up.
struct RaidArray {
  int metadata_major = 1;            ///< superblock version: 0.90 or 1.x
  int metadata_minor = 2;            ///< of 1.x: where the superblock lies
  std::vector<std::string> members;  ///< block device nodes, those that were found
};

/// "1.2", "0.90" -> major and minor; kUnsupported for "external:imsm" and the like.
Result<RaidArray> array_of_version(const std::string& metadata_version);

/// Assembles and starts the array through md's ioctls and sysfs, without a resynchronisation: that
/// would compete with the dump for disk and memory, and the next boot does it. The kernel decides
/// by the superblocks which members are current. Blocks as long as the kernel does. Returns the
/// node.
Result<std::string> start_raid_array(const SysRoot& root, const RaidArray& array);

}  // namespace kdump::agent
