// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/boot/boot_files.h"
#include "kdumpctl/boot/boot_menu.h"

namespace kdump::boot {

/// GRUB's menu: grub.cfg with its grubenv, BLS entries where it says `blscfg`, or those alone where
/// there is a grubenv and no grub.cfg. Empty when GRUB is not installed.
Result<BootMenu> read_grub_boot(const SysRoot& root, const BootFiles& files);

}  // namespace kdump::boot
