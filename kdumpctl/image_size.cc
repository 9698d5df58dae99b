// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/image_size.h"

#include <archive.h>

#include <algorithm>
#include <memory>

namespace kdump::ctl {
namespace {

/// More than any machine reserves: a bomb must not keep the caller busy for hours.
constexpr std::uint64_t kEnough = std::uint64_t{64} << 30U;

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

}  // namespace

std::uint64_t unpacked_size(std::span<const std::byte> image) {
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
  std::uint64_t total = 0;
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), image.data(), image.size()) == ARCHIVE_OK &&
      archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    while (total < kEnough &&
           archive_read_data_block(reader.get(), &block, &size, &offset) == ARCHIVE_OK) {
      total += size;
    }
  }
  return std::max<std::uint64_t>(total, image.size());
}

}  // namespace kdump::ctl
