// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/image_reader.h"

#include "base/fd.h"

namespace kdump::mkdumprd {

Status each_image_entry(const std::string& image,
                        const std::function<Result<bool>(archive*, archive_entry*)>& visit) {
  const Fd fd = TRY(Fd::open(image, O_RDONLY));
  const ArchiveReader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_cpio(reader.get());
  constexpr std::size_t kBlock = std::size_t{64} << 10U;
  if (archive_read_open_fd(reader.get(), fd.raw(), kBlock) != ARCHIVE_OK) {
    return archive_error(reader.get(), image);
  }
  while (true) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) return {};
    if (result != ARCHIVE_OK) return archive_error(reader.get(), image);
    if (!TRY(visit(reader.get(), entry))) return {};
  }
}

}  // namespace kdump::mkdumprd
