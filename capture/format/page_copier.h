// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/filter/page_bitmap.h"
#include "capture/format/copy_order.h"
#include "capture/format/dump_plan.h"
#include "capture/format/output.h"
#include "capture/format/page_codec.h"
#include "capture/vmcore/memory_image.h"

#include <atomic>
#include <cstdint>
#include <vector>

namespace kdump::capture {

struct CopyCounts {
  std::uint64_t pages = 0;       ///< with a descriptor, the following two included
  std::uint64_t zero = 0;        ///< share one page of zeros
  std::uint64_t unreadable = 0;  ///< descriptor without data: reading them fails in the readers
  std::uint64_t repeated = 0;    ///< share the data of an equal page before them
  std::uint64_t raw = 0;         ///< stored as they are, compression did not make them smaller
  std::uint64_t data_bytes = 0;  ///< page data written
  std::uint64_t file_end = 0;    ///< offset behind the last byte written

  /// The counts of another part of the same dump; the end is that of the longer file.
  CopyCounts& operator+=(const CopyCounts& other);
};

/// Copies every dumped page, its descriptor, and the shared page of zeros.
///
/// Threads take pieces of 4 MiB of memory, compress into a buffer of their own, reserve a range at
/// the end of the file and write there: no order, no queue. Each thread needs, beside its stack and
/// the codec (zstd 0.1 MiB, and 0.2 MiB for memmap pages): 0.5 MiB of output, 0.2 MiB of
/// descriptors, 64 KiB of pages. At most two output buffers a thread wait in the page cache.
///
/// The sets of page frames in `first`, disjoint and in the order of their worth, come before all
/// others.
/// A page that cannot be read is counted and left without data. The first error of the output ends
/// the copy and is returned.
Result<CopyCounts> copy_pages(const MemoryImage& image,
                              const PageBitmap& bitmap,
                              const DumpPlan& plan,
                              const CodecChoice& codec,
                              unsigned threads,
                              const std::vector<RangeSet>& first,
                              Output& output,
                              std::atomic<std::uint64_t>& pages_done);

}  // namespace kdump::capture
