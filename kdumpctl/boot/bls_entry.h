// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::boot {

/// An entry of the Boot Loader Specification (UAPI.1), as written: nothing is expanded. Type 1 is a
/// text file, type 2 a unified kernel image that says the same about itself.
struct BlsEntry {
  std::string file_name;               ///< without folder and ".conf", boot counters included
  std::string id;                      ///< the same without boot counters
  std::string path;                    ///< without the SysRoot's prefix
  std::optional<unsigned> tries_left;  ///< boot counting; 0: the entry counts as bad
  unsigned tries_done = 0;
  std::string title;
  std::string version;
  std::string machine_id;
  std::string sort_key;
  std::string kernel;
  std::vector<std::string> initrds;  ///< each may still hold several paths and $variables
  std::string options;               ///< all `options` lines, joined by blanks
  bool unified = false;              ///< type 2: `kernel` is `path`
  std::string other;                 ///< what it boots instead of Linux: "efi /shellx64.efi"
};

/// Sets id and counters from a file name NAME[+LEFT[-DONE]].
void set_boot_counters(BlsEntry& entry);

/// NAME[+LEFT[-DONE]].conf. Unknown keys are skipped, as the specification asks. kBadData names the
/// file; nothing for an entry of another architecture.
Result<std::optional<BlsEntry>> parse_bls_entry(std::string_view text,
                                                const std::string& path,
                                                std::string_view machine);

/// Whether `a` stands before `b` in systemd-boot's menu: bad ones last, those with a sort-key
/// first, by it and the machine id, the newest version first; else by the file's name, the newest
/// first.
[[nodiscard]] bool before_in_menu(const BlsEntry& a, const BlsEntry& b);

/// The same for GRUB's blscfg, which looks at nothing but the name.
[[nodiscard]] bool before_in_grub_menu(const BlsEntry& a, const BlsEntry& b);

struct BlsFolder {
  std::vector<BlsEntry> entries;      ///< unsorted
  std::vector<std::string> warnings;  ///< files that were skipped and why
};

/// All of FOLDER/*.conf, at most 1024; an absent folder has none.
Result<BlsFolder> read_bls_folder(const SysRoot& root, const std::string& folder);

}  // namespace kdump::boot
