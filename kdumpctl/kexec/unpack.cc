// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/unpack.h"

#include <archive.h>

#include <memory>

namespace kdump::kexec {
namespace {

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

Error damaged(archive* reader) {
  const char* why = archive_error_string(reader);
  return make_error(ErrorKind::kBadData,
                    "the compressed data is damaged ({})",
                    why == nullptr ? "no reason given" : why);
}

}  // namespace

Status unpack(std::span<const std::byte> packed, const PieceTaker& take) {
  const std::unique_ptr<archive, FreeArchive> reader(archive_read_new());
  // Not "all": for what it cannot unpack by itself libarchive would run programs.
  for (const auto enable : {archive_read_support_filter_gzip,
                            archive_read_support_filter_bzip2,
                            archive_read_support_filter_lzma,
                            archive_read_support_filter_xz,
                            archive_read_support_filter_lz4,
                            archive_read_support_filter_zstd}) {
    enable(reader.get());
  }
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return damaged(reader.get());
  }
  for (;;) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(reader.get(), &block, &size, &offset);
    if (code == ARCHIVE_EOF) return {};
    if (code != ARCHIVE_OK) return damaged(reader.get());
    if (!take({static_cast<const std::byte*>(block), size})) return {};
  }
}

Result<std::vector<std::byte>> unpack(std::span<const std::byte> packed, std::uint64_t most) {
  std::vector<std::byte> all;
  bool fits = true;
  TRY(unpack(packed, [&](std::span<const std::byte> piece) {
    fits = piece.size() <= most - all.size();
    if (fits) all.insert(all.end(), piece.begin(), piece.end());
    return fits;
  }));
  if (!fits) {
    return make_error(
        ErrorKind::kBadData, "the compressed data unpacks to more than {} bytes", most);
  }
  return all;
}

}  // namespace kdump::kexec
