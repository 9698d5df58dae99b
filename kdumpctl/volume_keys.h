// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// While it lives, kexec_file_load(2) copies the keys of these LUKS volumes to the panic kernel's
/// memory (kernel/crash_dump_dm_crypt.c since Linux 6.16: a folder with a "description" for each
/// key below config::kVolumeKeysPath), and this process possesses root's keyring, in which the
/// kernel looks for them. Nothing is changed for no volumes.
class OfferedVolumeKeys {
 public:
  /// By the volumes' UUIDs. kUnsupported for a kernel without CONFIG_CRASH_DM_CRYPT, kNotFound for
  /// a key that is not in the keyring; both say what to do.
  static Result<OfferedVolumeKeys> offer(const SysRoot& root,
                                         const std::vector<std::string>& uuids);
  OfferedVolumeKeys(OfferedVolumeKeys&& other) noexcept;
  OfferedVolumeKeys& operator=(OfferedVolumeKeys&&) = delete;
  OfferedVolumeKeys(const OfferedVolumeKeys&) = delete;
  OfferedVolumeKeys& operator=(const OfferedVolumeKeys&) = delete;
  ~OfferedVolumeKeys();

 private:
  OfferedVolumeKeys() = default;
  std::vector<std::string> folders_;
};

}  // namespace kdump::ctl
