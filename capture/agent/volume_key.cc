// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/volume_key.h"

#include "base/io.h"
#include "config/volume_key.h"

#include <array>
#include <cerrno>
#include <linux/keyctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr const char* kConfigfs = "/sys/kernel/config";
constexpr std::size_t kLongestKey = 256;  // KEY_SIZE_MAX of kernel/crash_dump_dm_crypt.c

Status ask_for_keys(const SysRoot& root) {
  const std::string configfs = root.path(kConfigfs);
  const std::string restore = std::string(config::kVolumeKeysPath) + "/restore";
  if (!root.exists(restore)) {
    // EBUSY: mounted there already. What cannot be mounted is missed in the next line.
    (void)::mount("configfs", configfs.c_str(), "configfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
  }
  if (!root.exists(restore)) {
    return make_error(ErrorKind::kUnsupported,
                      "this kernel takes no volume keys from the crashed one (no {}): it is built "
                      "without CONFIG_CRASH_DM_CRYPT",
                      restore);
  }
  return write_attribute(root.path(restore), "1");
}

}  // namespace

Result<std::string> restore_volume_key(const SysRoot& root, const std::string& description) {
  TRY(ask_for_keys(root));
  const long key =
      ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", description.c_str(), 0);
  if (key < 0) {
    return make_error(ErrorKind::kNotFound,
                      "the crashed kernel has left no key {}: was it in root's keyring when the "
                      "panic kernel was loaded? See 'kdumpctl setup-crypttab'",
                      description);
  }
  std::array<unsigned char, kLongestKey> bytes{};
  const long size = ::syscall(SYS_keyctl, KEYCTL_READ, key, bytes.data(), bytes.size());
  if (size < 0) return system_error(errno, "cannot read the key {}", description);
  if (size == 0 || static_cast<std::size_t>(size) > bytes.size()) {
    return make_error(ErrorKind::kBadData, "the key {} has {} bytes", description, size);
  }
  std::string digits;
  for (long i = 0; i < size; ++i) {
    digits += fmt::format("{:02x}", bytes[static_cast<std::size_t>(i)]);
  }
  return digits;
}

}  // namespace kdump::agent
