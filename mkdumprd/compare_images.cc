// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/compare_images.h"

#include "base/text.h"
#include "mkdumprd/image_files.h"

namespace kdump::mkdumprd {
namespace {

std::string line_of(char sign, const std::string& path, const ImageFile& file) {
  return file.content.empty()
             ? fmt::format("{} {}", sign, escape_control(path))
             : fmt::format(
                   "{} {} ({})", sign, escape_control(path), format_size(file.content.size()));
}

/// What differs between two files of one name; "" when nothing does.
std::string difference(const ImageFile& before, const ImageFile& after) {
  std::vector<std::string> parts;
  if (before.mode != after.mode) {
    parts.push_back(fmt::format("mode {:06o}, was {:06o}", after.mode, before.mode));
  }
  if (before.link_target != after.link_target) {
    parts.push_back(fmt::format("leads to {}, led to {}",
                                escape_control(after.link_target),
                                escape_control(before.link_target)));
  }
  if (before.content.size() != after.content.size()) {
    parts.push_back(fmt::format("{} bytes, were {}", after.content.size(), before.content.size()));
  } else if (before.content != after.content) {
    parts.push_back(fmt::format("other content ({} bytes)", after.content.size()));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace

Result<std::vector<std::string>> compare_images(const std::string& before,
                                                const std::string& after) {
  const ImageContent old = TRY(read_image(before));
  const ImageContent fresh = TRY(read_image(after));
  std::vector<std::string> lines;
  auto left = old.begin();
  auto right = fresh.begin();
  while (left != old.end() || right != fresh.end()) {
    if (right == fresh.end() || (left != old.end() && left->first < right->first)) {
      lines.push_back(line_of('-', left->first, left->second));
      ++left;
    } else if (left == old.end() || right->first < left->first) {
      lines.push_back(line_of('+', right->first, right->second));
      ++right;
    } else {
      const std::string what = difference(left->second, right->second);
      if (!what.empty())
        lines.push_back(fmt::format("~ {}: {}", escape_control(left->first), what));
      ++left;
      ++right;
    }
  }
  return lines;
}

}  // namespace kdump::mkdumprd
