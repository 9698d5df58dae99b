// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

#include <string>

namespace kdump::agent {

/// What sysfs says of a disk or, for a partition, of its disk: NVMe and virtio disks have it
/// themselves, SCSI disks below their device. "" when it says nothing.
[[nodiscard]] std::string disk_attribute(const SysRoot& root,
                                         const std::string& name,
                                         const char* attribute);

/// Whether the block device `name`, or the disk that it is a partition of, is one of the ways to a
/// disk whose multipath device is set up: everything on it is seen, and written, through that one.
[[nodiscard]] bool is_path(const SysRoot& root, const std::string& name);

/// Likewise, or a volume lies on the device or on its whole disk. A thin pool's data and a path's
/// partition can carry the very file system that is looked for.
[[nodiscard]] bool is_claimed(const SysRoot& root, const std::string& name);

}  // namespace kdump::agent
