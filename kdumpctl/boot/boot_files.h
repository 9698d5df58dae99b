// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/mount_table.h"
#include "base/result.h"
#include "base/sys_root.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::boot {

/// Whether something that is no regular file has that path of the host; opening a pipe among boot
/// entries would wait for ever.
[[nodiscard]] bool is_no_file(const std::string& path);

/// Finds on the running host what a boot loader names by its own paths, which begin at the root of
/// some file system.
class BootFiles {
 public:
  static Result<BootFiles> read(const SysRoot& root);

  /// The host's path of `path` on `device` ("fs-uuid:...", "fs-label:...", anything else counts as
  /// unknown): on the mount of that device, else on the one that `beside` (a file or folder that
  /// comes from the same file system, or "") lies on, else below /boot, / and the EFI system
  /// partition, the first of them where it exists. Where it does not exist at all, the place that
  /// was looked at first.
  [[nodiscard]] std::string find(std::string_view device,
                                 std::string_view path,
                                 const std::string& beside) const;
  [[nodiscard]] bool is_file(const std::string& path) const;

 private:
  BootFiles(SysRoot root, MountTable mounts) : root_(std::move(root)), mounts_(std::move(mounts)) {}
  [[nodiscard]] const MountPoint* mount_of(std::string_view device) const;

  SysRoot root_;
  MountTable mounts_;
};

/// "\EFI\Linux\x.efi" or "//boot/./x" as an absolute path; ".." never leads above the root.
[[nodiscard]] std::string clean_path(std::string_view path);

}  // namespace kdump::boot
