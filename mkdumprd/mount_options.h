// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// Arguments of mount(2).
struct MountArguments {
  std::uint64_t flags = 0;  ///< MS_*, never MS_RDONLY
  std::string data;
  friend bool operator==(const MountArguments&, const MountArguments&) = default;
};

/// Which file-system specific words survive. Words of mount(8) alone (noauto, nofail, user,
/// _netdev, x-*) and ro never do: the capture kernel mounts by itself, to write.
enum class OptionSource {
  kAdministrator,  ///< written by a person for the capture kernel: all of them
  /// Seen on the running system: only those without which the file system does not mount there.
  /// Tuning (quota, discard, errors=, SELinux contexts ...) is dropped, since another kernel may
  /// not know the word and refuse the mount.
  kRunningSystem,
};

/// "rw,noatime,subvol=/@" -> flags and data.
Result<MountArguments> compile_mount_options(const std::string& options,
                                             const std::string& fs_type,
                                             OptionSource source);

/// The options of the row of /etc/fstab whose first field is one of `sources`, if there is one.
Result<std::optional<std::string>> fstab_options(const SysRoot& root,
                                                 const std::vector<std::string>& sources);

/// The mount point that /etc/fstab has for `path`, the longest of several; "" without one. Rows
/// with noauto have none.
Result<std::string> fstab_mount_point(const SysRoot& root, const std::string& path);

}  // namespace kdump::mkdumprd
