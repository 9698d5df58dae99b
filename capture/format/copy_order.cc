// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/copy_order.h"

#include <algorithm>

namespace kdump::capture {

CopyOrder::CopyOrder(const PageBitmap& bitmap,
                     const std::vector<RangeSet>& first,
                     std::uint64_t piece_pages)
    : bitmap_(bitmap),
      piece_pages_(piece_pages),
      pieces_in_block_(static_cast<std::size_t>(BlockBits::kPages / piece_pages)) {
  std::vector<Range> all;
  for (const RangeSet& set : first) {
    for (const Range& range : set.ranges()) {
      all.push_back(range);
      for (std::uint64_t at = range.start; at < range.end;) {
        const std::uint64_t end = std::min(range.end, (at / piece_pages + 1) * piece_pages);
        const std::uint64_t number = at / BlockBits::kPages;
        if (const auto block = bitmap.index_of(number)) {
          const std::uint64_t start = number * BlockBits::kPages;
          first_.push_back({*block, at - start, end - start});
        }
        at = end;
      }
    }
  }
  all_first_ = RangeSet(all);
}

CopyPiece CopyOrder::piece(std::size_t number) const {
  const std::uint64_t begin = number % pieces_in_block_ * piece_pages_;
  return {number / pieces_in_block_, begin, begin + piece_pages_};
}

bool CopyOrder::pass_over_first(std::size_t block, BlockBits& bits) const {
  const std::uint64_t start = bitmap_.first_page(block).value();
  const std::uint64_t end = start + BlockBits::kPages;
  const auto& ranges = all_first_.ranges();
  auto range = std::upper_bound(
      ranges.begin(), ranges.end(), start, [](std::uint64_t page, const Range& candidate) {
        return page < candidate.end;
      });
  const bool any = range != ranges.end() && range->start < end;
  for (; range != ranges.end() && range->start < end; ++range) {
    static_cast<void>(
        bits.clear(std::max(range->start, start) - start, std::min(range->end, end) - start));
  }
  return any;
}

}  // namespace kdump::capture
