// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/boot/boot_files.h"
#include "kdumpctl/boot/one_shot.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kdump::boot {

/// One thing that the boot loader could boot. Paths are the running host's, without the SysRoot's
/// prefix.
struct BootEntry {
  std::string id;     ///< what selects it: GRUB's `--id` path, a file name, a label
  std::string title;  ///< what the boot loader's menu shows
  std::string kernel;
  std::vector<std::string> initrds;  ///< in the order in which they are concatenated
  std::string command_line;          ///< variables expanded
  std::string version;               ///< as `uname -r` prints it; "" where the entry does not say
  std::string source;                ///< "FILE:LINE" that it stands in
  std::string problem;               ///< why it cannot be loaded; "": it can
};

/// What the boot loader would show and do, at most 1024 entries.
struct BootMenu {
  std::string loader;  ///< "GRUB", "systemd-boot", "extlinux"; "none" for what `uname -r` gives
  std::vector<BootEntry> entries;     ///< in the menu's order; submenus are flattened
  std::size_t default_entry = 0;      ///< what would boot next
  std::string default_reason;         ///< "saved_entry in /boot/grub/grubenv"
  std::optional<OneShot> one_shot;    ///< where the choice for one boot only stands, if any
  std::vector<std::string> warnings;  ///< what was skipped, with file and line
};

/// Reads the boot loader's own configuration, in this order: systemd-boot (when it booted this
/// host), GRUB (grub.cfg with its grubenv, and BLS entries where grub.cfg or the lack of one says
/// so), BLS entries and unified images under systemd-boot's rules, extlinux, and at last
/// /boot/vmlinuz-$(uname -r) with /proc/cmdline. kBadData names file and line; kNotFound: there is
/// nothing to boot.
Result<BootMenu> read_boot_menu(const SysRoot& root);

/// The entry of that id, of that title, of that kernel path or of that version (`uname -r`), the
/// first of these that matches. kNotFound lists what there is.
Result<BootEntry> find_entry(const BootMenu& menu, const std::string& wanted);

/// The initrds that distributions put beside a kernel of this version; the first that exists, or
/// none.
[[nodiscard]] std::vector<std::string> usual_initrds(const BootFiles& files,
                                                     const std::string& version);

}  // namespace kdump::boot
