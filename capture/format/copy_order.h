// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "capture/filter/block_bits.h"
#include "capture/filter/page_bitmap.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kdump::capture {

/// Pages [begin, end) of a block of the bitmap.
struct CopyPiece {
  std::size_t block = 0;
  std::uint64_t begin = 0, end = 0;
};

/// In what order pages are copied: some before all others, so that a dump that is cut short has
/// them.
class CopyOrder {
 public:
  /// `first`: disjoint sets of page frames, in the order of their worth. Pieces have at most
  /// `piece_pages` pages. The bitmap must outlive this.
  CopyOrder(const PageBitmap& bitmap,
            const std::vector<RangeSet>& first,
            std::uint64_t piece_pages);

  /// The sets one after the other, cut into pieces.
  [[nodiscard]] const std::vector<CopyPiece>& first() const { return first_; }

  /// Everything in pieces, numbered from 0 on; pages that came first are to be passed over.
  [[nodiscard]] std::size_t pieces() const { return bitmap_.blocks() * pieces_in_block_; }
  [[nodiscard]] CopyPiece piece(std::size_t number) const;
  /// Takes the pages that come first out of a block. False: there are none.
  bool pass_over_first(std::size_t block, BlockBits& bits) const;

 private:
  const PageBitmap& bitmap_;
  std::uint64_t piece_pages_;
  std::size_t pieces_in_block_;
  std::vector<CopyPiece> first_;
  RangeSet all_first_;
};

}  // namespace kdump::capture
