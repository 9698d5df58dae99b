// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/filter/page_bitmap.h"
#include "capture/format/output.h"
#include "capture/format/page_copier.h"
#include "capture/vmcore/memory_image.h"

#include <atomic>
#include <cstdint>

namespace kdump::capture {

/// Copies every dumped page as it is: the page of rank N to `data_offset` plus N pages. Threads
/// take pieces of 4 MiB of memory, with a buffer of 1 MiB each. Pages of zeros are left out where
/// the output is sparse; a page that cannot be read becomes one. The sets of page frames in `first`
/// come before all others, but in streams, which have the order of the file.
Result<CopyCounts> copy_elf_pages(const MemoryImage& image,
                                  const PageBitmap& bitmap,
                                  PageShift shift,
                                  std::uint64_t data_offset,
                                  unsigned threads,
                                  const std::vector<RangeSet>& first,
                                  Output& output,
                                  std::atomic<std::uint64_t>& pages_done);

}  // namespace kdump::capture
