// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/filter/block_filter.h"
#include "capture/filter/dump_level.h"
#include "capture/filter/page_bitmap.h"
#include "capture/kernel/memmap_source.h"

#include <atomic>
#include <cstdint>

namespace kdump::capture {

/// Fills `bitmap` with the pages that `level` leaves in, in one pass over the memmap, and finishes
/// it. Blocks are shared out among `threads` threads (1 or more; the calling one is one of them).
/// `pages_done` counts existing pages as they are decided, for a progress display.
Result<FilterCounts> select_pages(const MemMapSource& source,
                                  DumpLevel level,
                                  unsigned threads,
                                  PageBitmap& bitmap,
                                  std::atomic<std::uint64_t>& pages_done);

/// Clears the free pages on the lists of processors, which are in no block of free pages, in the
/// bits of the block from `start` on, and counts them.
void leave_out_per_cpu(const MemMapSource& source,
                       Pfn start,
                       BlockBits& bits,
                       FilterCounts& counts);

/// Fills `bitmap` with every page that is present.
Status select_everything(PageBitmap& bitmap, std::atomic<std::uint64_t>& pages_done);

}  // namespace kdump::capture
