// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/mount_table.h"
#include "base/sys_root.h"

#include <string>

namespace kdump::config {

/// The node behind /dev/..., UUID=, LABEL=, PARTUUID= or PARTLABEL=, links followed, by udev's
/// links in /dev/disk; where there is none, the path that was looked for.
[[nodiscard]] std::string device_node(const SysRoot& root, const std::string& device);

/// The last mount of the same device, whatever name it was mounted by (/dev/mapper/...), if any.
[[nodiscard]] const MountPoint* mount_of_device(const SysRoot& root,
                                                const MountTable& mounts,
                                                const std::string& device);

}  // namespace kdump::config
