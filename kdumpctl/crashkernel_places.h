// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/boot/crashkernel_edit.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// A file in which crashkernel= can stand.
struct CrashkernelPlace {
  boot::ArgumentFile kind = boot::ArgumentFile::kBlsEntry;
  std::string path;    ///< without the SysRoot's prefix
  std::string kernel;  ///< of a boot entry, as it writes it; "" for a file for all that are to come
  std::string version;  ///< of that kernel, where the entry says so
  std::string text;
  std::optional<std::string> value{};  ///< what it says now
};

struct CrashkernelPlaces {
  std::vector<CrashkernelPlace> places;
  std::vector<std::string> notes;  ///< what was passed over, and why
};

/// Boot loader entries in /boot, /boot/efi and /efi; /etc/default/grub and those of its drop-ins
/// that hold a crashkernel=; /etc/kernel/cmdline.
Result<CrashkernelPlaces> find_crashkernel_places(const SysRoot& root);

/// Which boot entries are meant.
struct KernelChoice {
  bool all = false;
  std::string wanted;  ///< path or version
};

/// Whether the place is an entry of that kernel. A path is compared by its last part too, as the
/// boot loader may count from the beginning of another file system.
[[nodiscard]] bool is_entry_of(const CrashkernelPlace& place, const KernelChoice& choice);

/// Replaces the file, its mode kept.
Status rewrite(const SysRoot& root, const CrashkernelPlace& place, const std::string& text);

}  // namespace kdump::ctl
