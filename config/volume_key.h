// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kdump::config {

/// Where a kernel with CONFIG_CRASH_DM_CRYPT (Linux 6.16, kernel/crash_dump_dm_crypt.c) is told
/// which volume keys the panic kernel needs, and where that one is asked for them.
inline constexpr const char* kVolumeKeysPath = "/sys/kernel/config/crash_dm_crypt_keys";

/// The name of a LUKS volume's key in root's keyring: crypttab(5)'s link-volume-key= puts it there
/// under this name, and kdump-utils use the same one.
[[nodiscard]] inline std::string volume_key_description(std::string_view uuid) {
  return "kdump-cryptsetup:vk-" + std::string(uuid);
}

}  // namespace kdump::config
