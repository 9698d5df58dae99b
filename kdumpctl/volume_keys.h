// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <functional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// While it lives, kexec_file_load(2) copies the keys of these LUKS volumes to the panic kernel's
/// memory (kernel/crash_dump_dm_crypt.c since Linux 6.16: a folder with a "description" for each
/// key below config::kVolumeKeysPath), and this process possesses root's keyring, in which the
/// kernel looks for them. Nothing is changed for no volumes.
class OfferedVolumeKeys {
 public:
  /// Whether root's keyring has the key with this description.
  using KeyLookup = std::function<bool(const std::string& description)>;

  /// By the volumes' UUIDs. A key that is not in the keyring any more is taken from the loaded
  /// panic kernel where that has it (`loaded`: whose keys those are) and this kernel does so
  /// ("reuse"; one with CONFIG_CRASH_HOTPLUG does not). kUnsupported for a kernel without
  /// CONFIG_CRASH_DM_CRYPT, kNotFound for a key that is in neither place; both say what to do.
  static Result<OfferedVolumeKeys> offer(const SysRoot& root,
                                         const std::vector<std::string>& uuids,
                                         const std::vector<std::string>& loaded,
                                         const KeyLookup& has_key);
  /// With root's keyring.
  static Result<OfferedVolumeKeys> offer(const SysRoot& root,
                                         const std::vector<std::string>& uuids,
                                         const std::vector<std::string>& loaded);
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
