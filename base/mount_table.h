// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump {

/// One row of /proc/PID/mountinfo (proc(5)); octal escapes are decoded.
struct MountPoint {
  std::string device_number;  ///< "major:minor"
  std::string root;  ///< path inside the file system that is mounted here ("/" but for binds and
                     ///< subvolumes)
  std::string mount_point;
  std::string mount_options;  ///< per mount: rw,relatime...
  std::string fs_type;
  std::string source;         ///< device, host:/path, tag ...
  std::string super_options;  ///< per file system
  [[nodiscard]] bool read_only() const;
};

/// The mounts in the order in which they were made.
class MountTable {
 public:
  /// Rows that do not parse are an error that names the line.
  static Result<MountTable> parse(std::string_view mountinfo);
  /// Reads /proc/self/mountinfo.
  static Result<MountTable> read(const SysRoot& root);
  /// The same once what `path` lies on is mounted: an automount point on the way is made to mount.
  /// It is still of the type "autofs" when that failed.
  static Result<MountTable> read_with(const SysRoot& root, const std::string& path);

  [[nodiscard]] const std::vector<MountPoint>& mounts() const { return mounts_; }
  /// The mount that `path` (absolute, symbolic links resolved) lies on: the longest mount point
  /// that is a prefix of it by whole components; of equal ones the last, which hides the others.
  [[nodiscard]] const MountPoint* containing(std::string_view path) const;
  /// The last mount of this source (as text), if any.
  [[nodiscard]] const MountPoint* of_source(std::string_view source) const;
  /// The last mount with this "major:minor", if any.
  [[nodiscard]] const MountPoint* of_device(std::string_view device_number) const;

 private:
  std::vector<MountPoint> mounts_;
};

}  // namespace kdump
