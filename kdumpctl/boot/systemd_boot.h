// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/boot/boot_files.h"
#include "kdumpctl/boot/boot_menu.h"

namespace kdump::boot {

/// Whether systemd-boot booted this host (it leaves LoaderInfo).
[[nodiscard]] bool booted_by_systemd_boot(const SysRoot& root);

/// systemd-boot's menu: type 1 and type 2 entries of /efi, /boot and /boot/efi, sorted as it sorts
/// them. The default is LoaderEntryOneShot, LoaderEntryDefault, loader.conf's `default` pattern, or
/// the first entry.
Result<BootMenu> read_systemd_boot(const SysRoot& root, const BootFiles& files);

}  // namespace kdump::boot
