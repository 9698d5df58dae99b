// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/page_bitmap.h"

#include <algorithm>

namespace kdump::capture {

PageBitmap::PageBitmap(std::vector<Range> pages, BlockStore& store, const MemoryImage* image)
    : pages_(std::move(pages)), store_(store), image_(image) {
  for (const Range& range : pages_) {
    existing_pages_ += range.size();
    std::uint64_t number = range.start / BlockBits::kPages;
    if (!blocks_.empty() && blocks_.back().number == number) ++number;
    for (; number * BlockBits::kPages < range.end; ++number) blocks_.push_back({number, 0, 0});
  }
}

std::optional<std::size_t> PageBitmap::index_of(std::uint64_t number) const {
  const auto found = std::lower_bound(
      blocks_.begin(), blocks_.end(), number, [](const Block& block, std::uint64_t wanted) {
        return block.number < wanted;
      });
  if (found == blocks_.end() || found->number != number) return std::nullopt;
  return static_cast<std::size_t>(found - blocks_.begin());
}

BlockBits PageBitmap::existing(std::size_t index) const {
  const std::uint64_t first = first_page(index).value();
  const std::uint64_t end = first + BlockBits::kPages;
  BlockBits bits;
  auto range = std::upper_bound(
      pages_.begin(), pages_.end(), first, [](std::uint64_t page, const Range& candidate) {
        return page < candidate.end;
      });
  for (; range != pages_.end() && range->start < end; ++range) {
    bits.set(std::max(range->start, first) - first, std::min(range->end, end) - first);
  }
  return bits;
}

Result<BlockBits> PageBitmap::present(std::size_t index) const {
  BlockBits bits = existing(index);
  if (image_ != nullptr) TRY(image_->keep_present(first_page(index), bits.writable_bytes()));
  return bits;
}

Status PageBitmap::set_dumped(std::size_t index, const BlockBits& bits) {
  blocks_[index].dumped = bits.count();
  return store_.store(blocks_[index].number, bits);
}

Result<BlockBits> PageBitmap::dumped(std::size_t index) const {
  return store_.load(blocks_[index].number);
}

std::uint64_t PageBitmap::finish() {
  std::uint64_t rank = 0;
  for (Block& block : blocks_) {
    block.rank = rank;
    rank += block.dumped;
  }
  return rank;
}

std::vector<Range> touched_pages(const RangeSet& memory, PageShift shift) {
  std::vector<Range> pages;
  const std::uint64_t mask = shift.page_size() - 1;
  for (const Range& range : memory.ranges()) {
    Range touched{range.start >> shift.bits,
                  (range.end >> shift.bits) + ((range.end & mask) != 0 ? 1 : 0)};
    // Two ranges may share a page.
    if (!pages.empty() && touched.start < pages.back().end) touched.start = pages.back().end;
    if (touched.empty()) continue;
    if (!pages.empty() && touched.start == pages.back().end) {
      pages.back().end = touched.end;
    } else {
      pages.push_back(touched);
    }
  }
  return pages;
}

}  // namespace kdump::capture
