// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/diagnostic.h"

#include <string>

namespace kdump::ctl::reboot {

/// /etc/default/kexec and /etc/default/kexec.d/* as Debian's kexec-tools define them. Only the word
/// "true" is true.
struct DefaultKexec {
  bool load_kexec = false;  ///< LOAD_KEXEC: a reboot shall be fast
  bool use_grub_config =
      false;                 ///< USE_GRUB_CONFIG: GRUB's default entry counts, not the three below
  std::string kernel_image;  ///< KERNEL_IMAGE; may be a symbolic link
  std::string initrd;        ///< INITRD; "": none
  std::string append;        ///< APPEND; "": /proc/cmdline
};

struct CheckedDefaultKexec {
  DefaultKexec settings;
  config::Diagnostics diagnostics;
};

/// Reads both places, the later file over the earlier; names in the folder as run-parts --list
/// picks them (letters, digits, '_' and '-'). Absent files give the defaults above. Values are read
/// as data, never run.
Result<CheckedDefaultKexec> read_default_kexec(const SysRoot& root);

}  // namespace kdump::ctl::reboot
