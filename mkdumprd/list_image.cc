// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/list_image.h"

#include "base/fd.h"
#include "base/text.h"
#include "mkdumprd/archive_handle.h"

namespace kdump::mkdumprd {

Result<std::vector<ListedEntry>> list_image(const std::string& path) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  const ArchiveReader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_cpio(reader.get());
  constexpr std::size_t kBlock = std::size_t{64} << 10U;
  if (archive_read_open_fd(reader.get(), fd.raw(), kBlock) != ARCHIVE_OK) {
    return archive_error(reader.get(), path);
  }
  std::vector<ListedEntry> entries;
  while (true) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) return entries;
    if (result != ARCHIVE_OK) return archive_error(reader.get(), path);
    const char* name = archive_entry_pathname(entry);
    const char* target = archive_entry_symlink(entry);
    entries.push_back({.mode = archive_entry_mode(entry),
                       .size = static_cast<std::uint64_t>(archive_entry_size(entry)),
                       .path = name == nullptr ? std::string() : std::string(name),
                       .link_target = target == nullptr ? std::string() : std::string(target)});
  }
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
