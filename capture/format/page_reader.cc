// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace kdump::capture {

bool PageReader::read(Pfn pfn, std::span<std::byte> into) {
  const PhysAddr address = to_phys(pfn, shift_);
  if (bytes_at(address) < into.size()) return read_in_parts(*image_, address, into);
  return view_->copy(address, into).has_value();
}

std::size_t PageReader::read_run(Pfn first, std::span<std::byte> into) {
  const PhysAddr address = to_phys(first, shift_);
  const std::uint64_t there = std::min<std::uint64_t>(bytes_at(address), into.size());
  const auto pages = static_cast<std::size_t>(there >> shift_.bits);
  const auto whole = into.first(pages << shift_.bits);
  return !whole.empty() && view_->copy(address, whole) ? pages : 0;
}

std::uint64_t PageReader::bytes_at(PhysAddr address) const {
  const auto& ranges = image_->ranges().ranges();
  const auto range = std::upper_bound(
      ranges.begin(), ranges.end(), address.value(), [](std::uint64_t start, const Range& each) {
        return start < each.end;
      });
  const bool inside = range != ranges.end() && range->start <= address.value();
  return inside ? range->end - address.value() : 0;
}

bool read_in_parts(const MemoryImage& image, PhysAddr address, std::span<std::byte> into) {
  std::fill(into.begin(), into.end(), std::byte{0});
  const Range page{address.value(), address.value() + into.size()};
  const auto& ranges = image.ranges().ranges();
  auto range = std::upper_bound(
      ranges.begin(), ranges.end(), page.start, [](std::uint64_t start, const Range& candidate) {
        return start < candidate.end;
      });
  bool any = false;
  for (; range != ranges.end() && range->start < page.end; ++range) {
    const Range part{std::max(range->start, page.start), std::min(range->end, page.end)};
    const auto bytes = into.subspan(static_cast<std::size_t>(part.start - page.start),
                                    static_cast<std::size_t>(part.size()));
    if (!image.read(PhysAddr(part.start), bytes)) return false;
    any = true;
  }
  return any;
}

bool is_zero_page(std::span<const std::byte> page) {
  constexpr std::size_t kStep = 64;
  for (std::size_t at = 0; at < page.size(); at += kStep) {
    std::uint64_t words[kStep / sizeof(std::uint64_t)];  // NOLINT: a plain array vectorizes
    std::memcpy(words, page.data() + at, kStep);
    std::uint64_t any = 0;
    for (const std::uint64_t word : words) any |= word;
    if (any != 0) return false;
  }
  return true;
}

}  // namespace kdump::capture
