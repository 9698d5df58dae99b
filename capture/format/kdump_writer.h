// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/filter/dump_level.h"
#include "capture/filter/page_bitmap.h"
#include "capture/format/dump_plan.h"
#include "capture/format/output_file.h"
#include "capture/format/page_codec.h"
#include "capture/vmcore/memory_image.h"
#include "capture/vmcore/notes.h"
#include "capture/vmcore/utsname.h"

#include <cstdint>

namespace kdump::capture {

/// What the headers say besides the geometry.
struct HeaderFacts {
  Utsname utsname;
  std::int64_t crash_time = 0;  ///< seconds since 1970
  std::uint64_t phys_base = 0;  ///< two's complement
  DumpLevel level;
  CodecKind codec = CodecKind::kZstd;
  NoteSummary notes;
};

/// Writes header and sub-header. Written with `complete` false first and true when everything else
/// is safe on the disk, so that a writer that dies leaves a file that says so.
Status write_headers(Output& output,
                     const DumpGeometry& geometry,
                     const HeaderFacts& facts,
                     bool complete);

/// Copies the notes of the image byte for byte.
Status write_notes(Output& output, const DumpGeometry& geometry, const MemoryImage& image);

/// The first bitmap: the pages that exist.
Status write_existing(Output& output, const DumpGeometry& geometry, const PageBitmap& bitmap);

/// The second bitmap, in its place in the output.
class OutputBitmap final : public BlockStore {
 public:
  OutputBitmap(Output& output, const DumpGeometry& geometry)
      : output_(output), offset_(geometry.bitmap2_offset) {}
  Status store(std::uint64_t block, const BlockBits& bits) override;
  Result<BlockBits> load(std::uint64_t block) const override;

 private:
  Output& output_;
  std::uint64_t offset_;
};

}  // namespace kdump::capture
