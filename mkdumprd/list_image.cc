// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/list_image.h"

#include "base/text.h"
#include "mkdumprd/image_reader.h"

#include <algorithm>
#include <map>

namespace kdump::mkdumprd {

Result<std::vector<ListedEntry>> list_image(const std::string& path) {
  std::vector<ListedEntry> entries;
  TRY(each_image_entry(path, [&](archive*, archive_entry* entry) -> Result<bool> {
    const char* name = archive_entry_pathname(entry);
    const char* target = archive_entry_symlink(entry);
    entries.push_back({.mode = archive_entry_mode(entry),
                       .size = static_cast<std::uint64_t>(archive_entry_size(entry)),
                       .path = name == nullptr ? std::string() : std::string(name),
                       .link_target = target == nullptr ? std::string() : std::string(target)});
    return true;
  }));
  return entries;
}

std::string format_reasons(const std::vector<ListedEntry>& entries, std::string_view reasons) {
  std::map<std::string, std::string, std::less<>> reason_of;
  for (const std::string_view line : split_lines(reasons)) {
    const std::size_t tab = line.find('\t');
    if (tab != std::string_view::npos)
      reason_of[std::string(line.substr(0, tab))] = line.substr(tab + 1);
  }
  std::vector<ListedEntry> largest = entries;
  std::stable_sort(
      largest.begin(), largest.end(), [](const auto& a, const auto& b) { return a.size > b.size; });
  std::string out;
  std::uint64_t total = 0;
  for (const ListedEntry& entry : largest) {
    total += entry.size;
    if (entry.size == 0) continue;
    const std::string path = (entry.path.starts_with('/') ? "" : "/") + entry.path;
    const auto reason = reason_of.find(escape_control(path));
    out += fmt::format("{:>9} {}: {}\n",
                       entry.size,
                       escape_control(path),
                       reason == reason_of.end() ? "" : escape_control(reason->second));
  }
  return out + fmt::format("{} entries, {} unpacked\n", entries.size(), format_size(total));
}

std::string format_listing(const std::vector<ListedEntry>& entries) {
  std::string out;
  std::uint64_t total = 0;
  for (const ListedEntry& entry : entries) {
    const std::string arrow =
        entry.link_target.empty() ? std::string() : " -> " + escape_control(entry.link_target);
    out += fmt::format(
        "{:06o} {:>9} {}{}\n", entry.mode, entry.size, escape_control(entry.path), arrow);
    total += entry.size;
  }
  out += fmt::format("{} entries, {} unpacked\n", entries.size(), format_size(total));
  return out;
}

}  // namespace kdump::mkdumprd
