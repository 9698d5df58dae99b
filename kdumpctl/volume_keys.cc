// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/volume_keys.h"

#include "base/io.h"
#include "config/volume_key.h"

#include <algorithm>
#include <cerrno>
#include <linux/keyctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace kdump::ctl {
namespace {

/// The kernel copies what this process possesses; of a user's keyring that is nothing by itself.
Status possess_root_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING) == 0) {
    return {};
  }
  return system_error(errno, "cannot look into root's keyring");
}

bool is_in_root_keyring(const std::string& description) {
  return ::syscall(
             SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "logon", description.c_str(), 0) >=
         0;
}

/// Those that the loaded panic kernel has, all of them or none.
Status reuse_keys(const SysRoot& root,
                  const std::vector<std::string>& uuids,
                  const std::vector<std::string>& loaded,
                  const std::string& missing) {
  const bool are_loaded = std::all_of(uuids.begin(), uuids.end(), [&](const std::string& uuid) {
    return std::find(loaded.begin(), loaded.end(), uuid) != loaded.end();
  });
  const std::string reuse = std::string(config::kVolumeKeysPath) + "/reuse";
  const Status reused = are_loaded ? write_attribute(root.path(reuse), "1")
                                   : make_error(ErrorKind::kNotFound, "none has it");
  if (reused) return {};
  return make_error(ErrorKind::kNotFound,
                    "The key of the encrypted dump target is not in root's keyring ({}), and it "
                    "cannot be taken from the loaded panic kernel ({}). Run \"kdumpctl "
                    "setup-crypttab\" and reboot, or name a dump target that is not encrypted",
                    missing,
                    reused.error().message);
}

}  // namespace

Result<OfferedVolumeKeys> OfferedVolumeKeys::offer(const SysRoot& root,
                                                   const std::vector<std::string>& uuids,
                                                   const std::vector<std::string>& loaded,
                                                   const KeyLookup& has_key) {
  OfferedVolumeKeys offered;
  if (uuids.empty()) return offered;
  if (!root.is_directory(config::kVolumeKeysPath)) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target is encrypted, and this kernel cannot hand its key to the "
                      "panic kernel: {} does not exist (CONFIG_CRASH_DM_CRYPT, Linux 6.16). Name a "
                      "dump target that is not encrypted",
                      root.path(config::kVolumeKeysPath));
  }
  std::string missing;
  for (const std::string& uuid : uuids) {
    const std::string description = config::volume_key_description(uuid);
    if (missing.empty() && !has_key(description)) missing = description;
    const std::string folder = root.path(std::string(config::kVolumeKeysPath) + "/" + uuid);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return system_error(errno, "cannot create {}", folder);
    }
    offered.folders_.push_back(folder);
    TRY(write_attribute(folder + "/description", description));
  }
  // The kernel counts the folders in either case.
  if (!missing.empty()) TRY(reuse_keys(root, uuids, loaded, missing));
  return offered;
}

Result<OfferedVolumeKeys> OfferedVolumeKeys::offer(const SysRoot& root,
                                                   const std::vector<std::string>& uuids,
                                                   const std::vector<std::string>& loaded) {
  if (!uuids.empty() && root.is_host()) TRY(possess_root_keyring());
  return offer(root, uuids, loaded, [&](const std::string& description) {
    return !root.is_host() || is_in_root_keyring(description);
  });
}

OfferedVolumeKeys::OfferedVolumeKeys(OfferedVolumeKeys&& other) noexcept
    : folders_(std::exchange(other.folders_, {})) {}

OfferedVolumeKeys::~OfferedVolumeKeys() {
  for (const std::string& folder : folders_) ::rmdir(folder.c_str());
}

}  // namespace kdump::ctl
