// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"
#include "capture/filter/dump_level.h"
#include "capture/filter/page_bitmap.h"
#include "capture/format/page_codec.h"
#include "capture/format/page_copier.h"
#include "capture/vmcore/memory_image.h"
#include "capture/vmcore/notes.h"
#include "capture/vmcore/utsname.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace kdump::capture {

/// What the headers of a dump say besides its geometry.
struct HeaderFacts {
  Utsname utsname;
  std::int64_t crash_time = 0;  ///< seconds since 1970
  std::uint64_t phys_base = 0;  ///< two's complement
  DumpLevel level;
  CodecKind codec = CodecKind::kZstd;
  NoteSummary notes;
  std::optional<Range> part;  ///< page frames of a file of a split dump
};

/// How pages are to be copied.
struct CopyOptions {
  CodecChoice codec;
  unsigned threads = 1;
  /// Page frames that are copied before all others, so that an output without room for the whole
  /// dump has these. A format whose data lies in order does not look at it.
  std::vector<RangeSet> first{};
};

/// One dump on its way to an Output, in one of the formats. The calls come in the order in which
/// they stand here; whatever ends them early leaves a dump that says it is incomplete.
class DumpWriter {
 public:
  virtual ~DumpWriter() = default;

  /// Where the selection keeps the pages that are dumped.
  virtual BlockStore& bitmap_store() = 0;
  /// What can be written before the selection: headers that say incomplete, the notes.
  virtual Status begin(const PageBitmap& existing, DumpLevel level) = 0;
  /// Everything else but the word that the dump is whole. `bitmap` is finished; `level`: what it
  /// leaves out, less than begin() was told when the memmap was not understood.
  virtual Result<CopyCounts> copy(const PageBitmap& bitmap,
                                  DumpLevel level,
                                  const CopyOptions& options,
                                  std::atomic<std::uint64_t>& pages_done) = 0;
  /// Makes all of it durable, then calls it whole, unless the image is incomplete itself.
  virtual Status complete() = 0;
  /// Instead, after an error: what must still be said in an output that can say things once only.
  virtual Status abandon() = 0;
};

}  // namespace kdump::capture
