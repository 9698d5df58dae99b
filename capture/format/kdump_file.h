// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "base/result.h"
#include "capture/filter/block_bits.h"
#include "capture/format/kdump_format.h"
#include "capture/format/kdump_headers.h"
#include "capture/format/page_decoder.h"
#include "capture/vmcore/dump_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace kdump::capture {

/// A kdump-compressed file, opened: its headers, which pages it has, and where their descriptors
/// are. The bitmaps stay in the file; here are 16 bytes for each block of 32768 pages some of which
/// are in the dump, and 16 for each run of pages that exist. Const and safe for concurrent use.
class KdumpFile {
 public:
  /// Reads headers and bitmaps. Errors are those of read_kdump_headers(); kBadData too when the
  /// bitmaps cannot be those of a machine (more than a million runs).
  static Result<KdumpFile> open(std::unique_ptr<DumpFile> file);

  [[nodiscard]] const KdumpHeaders& headers() const { return headers_; }
  [[nodiscard]] const DumpFile& file() const { return *file_; }

  /// Pages that exist, ascending and disjoint. A page that is in the dump exists.
  [[nodiscard]] const std::vector<Range>& pages() const { return pages_; }
  /// How many are in the dump.
  [[nodiscard]] std::uint64_t dumped_pages() const { return dumped_; }
  /// Of these, pages that the first bitmap does not know: 0 in a sound file.
  [[nodiscard]] std::uint64_t stray_pages() const { return stray_; }
  /// The blocks of pages some of which are in the dump.
  [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }
  [[nodiscard]] std::uint64_t block_number(std::size_t index) const {
    return blocks_[index].number;
  }

  /// The pages of block `number` that are in the dump; none behind the last one.
  [[nodiscard]] Result<BlockBits> dumped(std::uint64_t number) const;
  /// How many pages in the dump lie before a block that has some.
  [[nodiscard]] std::optional<std::uint64_t> rank(std::uint64_t number) const;

 private:
  struct Block {
    std::uint64_t number = 0;
    std::uint64_t rank = 0;
  };

  KdumpFile(std::unique_ptr<DumpFile> file, KdumpHeaders headers)
      : file_(std::move(file)), headers_(std::move(headers)) {}
  [[nodiscard]] Result<BlockBits> load(std::uint64_t bitmap_offset, std::uint64_t number) const;
  Status read_bitmaps();
  Status add_runs(std::uint64_t number, const BlockBits& bits);

  std::unique_ptr<DumpFile> file_;
  KdumpHeaders headers_;
  std::vector<Range> pages_;
  std::vector<Block> blocks_;
  std::uint64_t dumped_ = 0;
  std::uint64_t stray_ = 0;
};

/// Reads pages of a KdumpFile, through windows on the descriptors (256 of them) and on the data
/// (128 KiB): pages that are asked for in the order of the file cost few reads. One object a
/// thread.
class KdumpPageReader {
 public:
  explicit KdumpPageReader(const KdumpFile& file);

  /// The descriptor of a page. kNotFound: the page is not in the dump.
  Result<PageDescriptor> descriptor(Pfn pfn);
  /// The bytes of a page, valid until the next call. kNotFound as above; kUnreadable: the dump has
  /// no data for it; kBadData: what it has is no page.
  Result<std::span<const std::byte>> page(Pfn pfn);

 private:
  Result<std::span<const std::byte>> record(const PageDescriptor& descriptor);

  const KdumpFile* file_;
  PageDecoder decoder_;
  std::vector<std::byte> page_;
  std::optional<Pfn> decoded_;  ///< the page in page_
  std::optional<std::uint64_t> block_;
  BlockBits bits_;  ///< of block_
  std::uint64_t rank_ = 0;
  std::vector<PageDescriptor> descriptors_;
  std::uint64_t first_descriptor_ = 0;  ///< rank of the first in the window
  std::vector<std::byte> window_;
  std::uint64_t window_offset_ = 0;
};

}  // namespace kdump::capture
