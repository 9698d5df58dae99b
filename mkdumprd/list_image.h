// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace kdump::mkdumprd {

struct ListedEntry {
  mode_t mode = 0;         ///< type and permission bits
  std::uint64_t size = 0;  ///< bytes of content
  std::string path;
  std::string link_target;  ///< of a symbolic link
};

/// What is in an image, in the archive's order. kBadData when it is no (packed) cpio archive.
Result<std::vector<ListedEntry>> list_image(const std::string& path);

/// One line an entry (mode in octal, size, path) and a line with the sums.
[[nodiscard]] std::string format_listing(const std::vector<ListedEntry>& entries);

/// One line a file, the largest first: bytes, path, and why it is there, after the image's own
/// account of it (kImageReasonsPath).
[[nodiscard]] std::string format_reasons(const std::vector<ListedEntry>& entries,
                                         std::string_view reasons);

}  // namespace kdump::mkdumprd
