// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/filter/page_bitmap.h"
#include "capture/format/dump_plan.h"
#include "capture/format/dump_writer.h"
#include "capture/format/memory_bitmap.h"
#include "capture/format/output.h"
#include "capture/vmcore/memory_image.h"

#include <cstdint>

namespace kdump::capture {

/// Writes header and sub-header. Written with `complete` false first and true when everything else
/// is safe on the disk, so that a writer that dies leaves a file that says so. In a stream, which
/// takes every byte once, they lack the status.
Status write_headers(Output& output,
                     const DumpGeometry& geometry,
                     const HeaderFacts& facts,
                     bool complete);
/// The status alone.
Status write_status(Output& output, const HeaderFacts& facts, bool complete);

/// Copies the notes of the image byte for byte, with zeros up to the end of their block.
Status write_notes(Output& output, const DumpGeometry& geometry, const MemoryImage& image);

/// The first bitmap: the pages that exist.
Status write_existing(Output& output, const DumpGeometry& geometry, const PageBitmap& bitmap);
/// The second one: the pages in the dump. Not needed when OutputBitmap is the bitmap's store.
Status write_dumped(Output& output, const DumpGeometry& geometry, const PageBitmap& bitmap);

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

/// Writes the kdump-compressed format, version 6. A stream gets headers and bitmaps when both are
/// final, and the status at the very end.
class KdumpWriter final : public DumpWriter {
 public:
  KdumpWriter(const MemoryImage& image,
              const DumpGeometry& geometry,
              HeaderFacts facts,
              Output& output);

  BlockStore& bitmap_store() override;
  Status begin(const PageBitmap& existing, DumpLevel level) override;
  Result<CopyCounts> copy(const PageBitmap& bitmap,
                          DumpLevel level,
                          const CopyOptions& options,
                          std::atomic<std::uint64_t>& pages_done) override;
  Status complete() override;
  Status abandon() override;

 private:
  Status write_front(const PageBitmap& bitmap);

  const MemoryImage& image_;
  DumpGeometry geometry_;
  HeaderFacts facts_;
  Output& output_;
  OutputBitmap output_bitmap_;
  MemoryBitmap memory_bitmap_;
  bool front_written_ = false;
};

}  // namespace kdump::capture
