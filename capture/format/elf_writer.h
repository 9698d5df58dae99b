// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/format/dump_writer.h"
#include "capture/format/memory_bitmap.h"
#include "capture/format/output.h"

#include <cstdint>

namespace kdump::capture {

/// Writes an ELF core file: headers, notes, then the pages as they are, in order.
///
/// Each run of kept pages has a PT_LOAD of its own (p_filesz equal to p_memsz), so that no page
/// that was left out is in the file and no reader takes one for a page of zeros. More than 65534
/// segments are counted in section header 0 (PN_XNUM). p_align is 0, as in /proc/vmcore: crash
/// takes a file with an aligned first segment for a netdump. Until the dump is whole bit 0 of
/// e_flags is set (DUMP_ELF_INCOMPLETE of makedumpfile and crash); a stream, which takes every byte
/// once, gets these flags last.
///
/// Pages of zeros are holes where the output is sparse. A page that cannot be read reads as zeros;
/// the format cannot say more about it.
class ElfWriter final : public DumpWriter {
 public:
  /// All must outlive the writer. `shift`: the page size of the crashed kernel.
  ElfWriter(const MemoryImage& image, PageShift shift, Output& output)
      : image_(image), shift_(shift), output_(output) {}

  BlockStore& bitmap_store() override { return bitmap_; }
  /// Nothing can be placed before the number of segments is known.
  Status begin(const PageBitmap& existing, DumpLevel level) override;
  Result<CopyCounts> copy(const PageBitmap& bitmap,
                          DumpLevel level,
                          const CopyOptions& options,
                          std::atomic<std::uint64_t>& pages_done) override;
  Status complete() override;
  Status abandon() override;

 private:
  /// Where everything lies.
  struct Layout {
    std::uint64_t segments = 0;  ///< PT_LOADs
    std::uint64_t notes_offset = 0;
    std::uint64_t data_offset = 0;
  };
  Status write_header(std::uint32_t flags);
  Status write_flags(std::uint32_t flags);
  Status write_segments(const PageBitmap& bitmap);
  Status write_notes();

  const MemoryImage& image_;
  PageShift shift_;
  Output& output_;
  MemoryBitmap bitmap_;
  Layout layout_;
};

}  // namespace kdump::capture
