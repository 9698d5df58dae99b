// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/system.h"

#include <string>

namespace kdump::agent {

/// Reads the signatures on a block device (or an image of one) by libblkid. Blocks as long as the
/// device does. Conflicting signatures are kBadData.
Result<DeviceIdentity> probe_device(const std::string& device);

/// The partition with this number, as libblkid reads the table on the disk. kNotFound when there is
/// no table, or no such partition in it; kBadData for one that ends behind the disk.
Result<PartitionPlace> probe_partition(const std::string& disk, unsigned number);

}  // namespace kdump::agent
