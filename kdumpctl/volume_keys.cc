// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/volume_keys.h"

#include "base/io.h"
#include "config/volume_key.h"

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

Status check_key(const std::string& description) {
  const long key =
      ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "logon", description.c_str(), 0);
  if (key >= 0) return {};
  return make_error(ErrorKind::kNotFound,
                    "The key of the encrypted dump target is not in root's keyring ({}). Run "
                    "\"kdumpctl setup-crypttab\" and reboot, or name a dump target that is not "
                    "encrypted",
                    description);
}

}  // namespace

Result<OfferedVolumeKeys> OfferedVolumeKeys::offer(const SysRoot& root,
                                                   const std::vector<std::string>& uuids) {
  OfferedVolumeKeys offered;
  if (uuids.empty()) return offered;
  if (!root.is_directory(config::kVolumeKeysPath)) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target is encrypted, and this kernel cannot hand its key to the "
                      "panic kernel: {} does not exist (CONFIG_CRASH_DM_CRYPT, Linux 6.16). Name a "
                      "dump target that is not encrypted",
                      root.path(config::kVolumeKeysPath));
  }
  if (root.is_host()) TRY(possess_root_keyring());
  for (const std::string& uuid : uuids) {
    const std::string description = config::volume_key_description(uuid);
    if (root.is_host()) TRY(check_key(description));
    const std::string folder = root.path(std::string(config::kVolumeKeysPath) + "/" + uuid);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return system_error(errno, "cannot create {}", folder);
    }
    offered.folders_.push_back(folder);
    TRY(write_attribute(folder + "/description", description));
  }
  return offered;
}

OfferedVolumeKeys::OfferedVolumeKeys(OfferedVolumeKeys&& other) noexcept
    : folders_(std::exchange(other.folders_, {})) {}

OfferedVolumeKeys::~OfferedVolumeKeys() {
  for (const std::string& folder : folders_) ::rmdir(folder.c_str());
}

}  // namespace kdump::ctl
