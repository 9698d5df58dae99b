// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl {

/// UUIDs of the LUKS volumes below the dump target and its fallbacks, as sysfs knows them while
/// they are open, the uppermost first; none for a target that is not encrypted, or not on a local
/// device.
Result<std::vector<std::string>> encrypted_volumes(const SysRoot& root,
                                                   const config::KdumpConfig& config);

/// Whether the devices that kdump.conf names for the dump target and its fallbacks are there, so
/// that encrypted_volumes() could look below them.
[[nodiscard]] bool targets_are_there(const SysRoot& root, const config::KdumpConfig& config);

/// crypttab(5) with link-volume-key= for that volume, through which systemd leaves the key in
/// root's keyring, where kdump finds it; the same text when it has one already. Nothing when no
/// line is about the volume.
[[nodiscard]] std::optional<std::string> with_volume_key_link(std::string_view crypttab,
                                                              std::string_view uuid);

}  // namespace kdump::ctl
