// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "capture/format/dump_plan.h"
#include "capture/format/dump_writer.h"
#include "capture/format/memory_bitmap.h"
#include "capture/format/output.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace kdump::capture {

/// Writes one dump as several kdump-compressed files, for outputs on several devices. Each file has
/// the headers, notes and bitmaps of the whole dump; its sub-header tells the page frames whose
/// descriptors and data it has. crash opens such files together.
class SplitWriter final : public DumpWriter {
 public:
  /// `pages`: the page frames of the image. `block`: pages; a file begins at a multiple of it (and
  /// of 64, because crash counts whole words of the bitmap). The outputs are no streams.
  SplitWriter(const MemoryImage& image,
              const DumpGeometry& geometry,
              HeaderFacts facts,
              std::vector<Range> pages,
              std::uint64_t block,
              const std::vector<std::unique_ptr<Output>>& outputs);

  BlockStore& bitmap_store() override { return selected_; }
  Status begin(const PageBitmap& existing, DumpLevel level) override;
  Result<CopyCounts> copy(const PageBitmap& bitmap,
                          DumpLevel level,
                          const CopyOptions& options,
                          std::atomic<std::uint64_t>& pages_done) override;
  Status complete() override;
  /// Every file says already that it is incomplete.
  Status abandon() override { return {}; }

 private:
  struct Part {
    Output* output = nullptr;
    Range frames;
    CopyCounts counts;
  };
  Status divide(const PageBitmap& bitmap);
  Status copy_part(Part& part,
                   const PageBitmap& bitmap,
                   const CopyOptions& options,
                   std::atomic<std::uint64_t>& pages_done) const;
  [[nodiscard]] HeaderFacts facts_of(const Part& part) const;

  const MemoryImage& image_;
  DumpGeometry geometry_;
  HeaderFacts facts_;
  std::vector<Range> pages_;
  std::uint64_t block_;
  MemoryBitmap selected_;
  std::vector<Part> parts_;
};

/// Where the files of a split dump begin, so that each has about as many dumped pages as the
/// others: `count` page frame numbers, ascending, multiples of `block`; the first one is 0.
Result<std::vector<std::uint64_t>> divide_pages(const PageBitmap& bitmap,
                                                std::size_t count,
                                                std::uint64_t block);

}  // namespace kdump::capture
