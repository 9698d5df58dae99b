// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/boot/grub_environment.h"
#include "kdumpctl/boot/grub_script.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::boot {

/// A file as GRUB names it.
struct GrubPath {
  std::string device;  ///< "hd0,gpt2", "fs-uuid:1234-ABCD", "fs-label:boot"; "" when unknown
  std::string path;    ///< absolute on that device's file system
};

/// One line of GRUB's menu.
struct GrubNode {
  enum class Kind {
    kEntry,
    kSubmenu,
    kBlsEntries,  ///< where `blscfg` puts the BLS entries
  };
  Kind kind = Kind::kEntry;
  std::string title;
  std::string id;  ///< "" without --id
  std::string file;
  int line = 0;
  std::vector<GrubNode> children;  ///< of a submenu
  GrubPath kernel;                 ///< no path: the entry boots something else than Linux
  std::vector<GrubPath> initrds;
  std::string command_line;
};

struct GrubMenu {
  std::vector<GrubNode> nodes;
  GrubVariables variables;  ///< as they are when the menu is shown
  std::vector<std::string> warnings;
};

/// Reads grub.cfg for what it says, without running it: `set` and the grubenv's variables are put
/// in literally, `if [ ... ]` is decided from them and from which files exist, functions and loops
/// are passed over, and so is every other command. `source` is followed three deep. At most 1024
/// entries, nested 16 deep.
///
/// `path` is absolute, without the SysRoot's prefix; $prefix and $config_directory are its folder.
Result<GrubMenu> read_grub_menu(const SysRoot& root,
                                const std::string& path,
                                const GrubEnvironment& environment);

/// What GRUB boots for this value of $default: "0", "1>2", a title, an id, "submenu>entry" (a '>'
/// of a title is doubled). A submenu alone means its first entry. Null when nothing matches.
[[nodiscard]] const GrubNode* find_grub_default(const std::vector<GrubNode>& nodes,
                                                std::string_view wanted);

/// "(hd0,gpt2)/x" or, with the value of $root, "/x".
[[nodiscard]] GrubPath parse_grub_path(std::string_view text, const std::string& root_device);

}  // namespace kdump::boot
