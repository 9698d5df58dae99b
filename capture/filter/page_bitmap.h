// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "base/result.h"
#include "capture/filter/block_bits.h"
#include "capture/vmcore/memory_image.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kdump::capture {

/// Where the blocks of a bitmap are kept: in the output file in its final place, or in memory.
/// Blocks are numbered by address: block N covers the pages from N * BlockBits::kPages on. Safe for
/// concurrent use on different blocks.
class BlockStore {
 public:
  virtual ~BlockStore() = default;
  virtual Status store(std::uint64_t block, const BlockBits& bits) = 0;
  /// What was stored.
  virtual Result<BlockBits> load(std::uint64_t block) const = 0;
};

/// Which pages exist and which are dumped. The bits themselves are in a BlockStore; here is one
/// counter for each block that holds memory, 24 bytes for 128 MiB with 4 KiB pages.
class PageBitmap {
 public:
  /// `pages`: the pages that exist, as sorted, disjoint ranges of page frame numbers. `image`, when
  /// it is given, is asked which of them it still has.
  PageBitmap(std::vector<Range> pages, BlockStore& store, const MemoryImage* image = nullptr);

  /// Blocks that hold memory; they are addressed by an index from 0 on.
  [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }
  [[nodiscard]] std::uint64_t block_number(std::size_t index) const {
    return blocks_[index].number;
  }
  /// The index of a block by its number; nothing when it holds no memory.
  [[nodiscard]] std::optional<std::size_t> index_of(std::uint64_t number) const;
  [[nodiscard]] Pfn first_page(std::size_t index) const {
    return Pfn(blocks_[index].number * BlockBits::kPages);
  }

  /// The pages of a block that exist.
  [[nodiscard]] BlockBits existing(std::size_t index) const;
  /// Of these, the ones that the image still has: pages that can be dumped.
  [[nodiscard]] Result<BlockBits> present(std::size_t index) const;
  /// How many pages exist.
  [[nodiscard]] std::uint64_t existing_pages() const { return existing_pages_; }

  /// Stores the pages of a block that are dumped. Any order, different blocks concurrently.
  Status set_dumped(std::size_t index, const BlockBits& bits);
  [[nodiscard]] Result<BlockBits> dumped(std::size_t index) const;
  [[nodiscard]] std::uint64_t dumped_in_block(std::size_t index) const {
    return blocks_[index].dumped;
  }

  /// Once all blocks are stored: sums them up. Returns the number of pages dumped.
  std::uint64_t finish();
  /// After finish(): the number of pages dumped.
  [[nodiscard]] std::uint64_t dumped_pages() const {
    return blocks_.empty() ? 0 : blocks_.back().rank + blocks_.back().dumped;
  }
  /// After finish(): how many dumped pages lie before a block.
  [[nodiscard]] std::uint64_t rank(std::size_t index) const { return blocks_[index].rank; }

  /// Memory that this takes.
  [[nodiscard]] std::uint64_t index_bytes() const {
    return blocks_.size() * sizeof(Block) + pages_.size() * sizeof(Range);
  }

 private:
  struct Block {
    std::uint64_t number = 0;
    std::uint64_t dumped = 0;
    std::uint64_t rank = 0;
  };

  std::vector<Range> pages_;
  BlockStore& store_;
  const MemoryImage* image_;
  std::vector<Block> blocks_;
  std::uint64_t existing_pages_ = 0;
};

/// The page frames that memory ranges (bytes) touch, a page that is there in part included.
[[nodiscard]] std::vector<Range> touched_pages(const RangeSet& memory, PageShift shift);

}  // namespace kdump::capture
