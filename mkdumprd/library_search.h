// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {

/// Folders of /etc/ld.so.conf and of the files that it includes, in order, absolute. An absent file
/// gives none.
Result<std::vector<std::string>> read_loader_folders(const SysRoot& root);

/// The folders that the dynamic loader knows by itself, for a machine (e_machine of elf(5)) and
/// class; those of the multiarch and of the lib64 convention, whichever exist.
[[nodiscard]] std::vector<std::string> default_loader_folders(std::uint16_t machine,
                                                              bool is_64_bit);

/// $ORIGIN and ${ORIGIN} replaced by `origin` (ld.so(8)). Other tokens stay, so that such a folder
/// is never found.
[[nodiscard]] std::string expand_origin(std::string_view folder, std::string_view origin);

}  // namespace kdump::mkdumprd
