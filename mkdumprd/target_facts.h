// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/mount_table.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"
#include "mkdumprd/blkid_probe.h"
#include "mkdumprd/block_device.h"

#include <optional>
#include <string>

namespace kdump::mkdumprd {

/// What the host says about a dump target on a local file system; no judgement yet.
struct TargetFacts {
  BlockDevice device;
  ProbedFileSystem probed;
  /// The mount through which the host reaches the target; nothing when it is not mounted.
  std::optional<MountPoint> mount;
  /// Where the dump path lies on the running host ("/var/crash" below the mount point); "" when the
  /// target is not mounted.
  std::string host_path;
  bool host_path_is_directory = false;
  bool is_part_of_another = false;  ///< for raw targets: of a volume or an array
  bool has_partitions = false;      ///< likewise, a whole disk
  /// Of the target's row in /etc/fstab; nothing without one.
  std::optional<std::string> fstab_options;
  /// Of the dump path, where /etc/fstab has one that is not mounted; "".
  std::string missing_mount_point;
};

/// Finds the target that `config` names. kUnsupported for targets that are not on a local file
/// system, kNotFound for a device or a path that does not exist; each message names the directive
/// and a remedy.
Result<TargetFacts> read_target(const SysRoot& root,
                                const MountTable& mounts,
                                const config::KdumpConfig& config);

/// The device that a raw target names, looked at; kNotFound as above.
Result<TargetFacts> read_raw_target(const SysRoot& root,
                                    const MountTable& mounts,
                                    const config::RawTarget& target);

/// The running root file system as a target, whatever kdump.conf names; `path` need not exist.
Result<TargetFacts> read_root_target(const SysRoot& root,
                                     const MountTable& mounts,
                                     const std::string& path);

}  // namespace kdump::mkdumprd
