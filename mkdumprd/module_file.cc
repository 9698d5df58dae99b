// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/module_file.h"

#include "base/io.h"
#include "mkdumprd/archive_handle.h"

#include <array>

namespace kdump::mkdumprd {
namespace {

constexpr std::size_t kLimit = std::size_t{256} << 20U;

/// ARCHIVE_WARN would mean that libarchive runs an external program for this filter.
Status enable_filters(archive* reader) {
  for (const auto enable : {archive_read_support_filter_gzip,
                            archive_read_support_filter_xz,
                            archive_read_support_filter_zstd}) {
    if (enable(reader) == ARCHIVE_OK) continue;
    return make_error(ErrorKind::kUnsupported,
                      "libarchive was built without gzip, xz or zstd: {}",
                      archive_version_details());
  }
  return {};
}

}  // namespace

Result<std::string> read_unpacked(const std::string& path) {
  const std::string packed = TRY(read_file(path, kLimit));
  if (packed.empty()) return packed;
  const ArchiveReader reader(archive_read_new());
  TRY(enable_filters(reader.get()));
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return archive_error(reader.get(), "cannot unpack " + path);
  }
  if (archive_filter_count(reader.get()) <= 1) return packed;
  std::string out;
  std::array<char, std::size_t{64} << 10U> buffer{};
  while (true) {
    const la_ssize_t got = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (got == 0) return out;
    if (got < 0) return archive_error(reader.get(), "cannot unpack " + path);
    if (out.size() + static_cast<std::size_t>(got) > kLimit) {
      return make_error(ErrorKind::kBadData, "{} unpacks to more than 256 MiB", path);
    }
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace kdump::mkdumprd
