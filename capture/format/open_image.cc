// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/open_image.h"

#include "capture/format/kdump_image.h"

namespace kdump::capture {

Result<std::unique_ptr<MemoryImage>> open_image(const std::string& path, ElfImage::Access access) {
  auto file = TRY(open_dump_file(path));
  if (is_kdump_file(*file)) {
    return std::unique_ptr<MemoryImage>(TRY(KdumpImage::open(std::move(file), path)));
  }
  return std::unique_ptr<MemoryImage>(TRY(ElfImage::open(std::move(file), path, access)));
}

}  // namespace kdump::capture
