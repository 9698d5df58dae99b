// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::boot {

/// One LABEL of an extlinux or syslinux configuration. Paths are as written.
struct ExtlinuxLabel {
  std::string name;
  std::string title;  ///< MENU LABEL without its '^', else the name
  int line = 0;
  std::string kernel;  ///< "" when it boots something else
  std::vector<std::string> initrds;
  std::string append;
};

struct ExtlinuxMenu {
  std::vector<ExtlinuxLabel> labels;
  std::size_t default_label = 0;
  std::string default_reason;
};

/// SYSLINUX wiki, "Config": keywords in any case, APPEND of a label in place of the global one,
/// "APPEND -" for none, initrd= inside APPEND. At most 1024 labels. kBadData names file and line.
Result<ExtlinuxMenu> parse_extlinux(std::string_view text, const std::string& file);

}  // namespace kdump::boot
