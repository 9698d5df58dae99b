// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/address_range.h"

#include "base/address.h"
#include "base/checked_math.h"

#include <algorithm>

namespace kdump {

RangeSet::RangeSet(const std::vector<Range>& ranges) {
  for (const Range& range : ranges) add(range);
}

void RangeSet::add(Range range) {
  if (range.empty()) return;
  // Everything that overlaps or touches is swallowed by the new range.
  const auto first = std::partition_point(
      ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.end < range.start; });
  auto last = first;
  while (last != ranges_.end() && last->start <= range.end) {
    range.start = std::min(range.start, last->start);
    range.end = std::max(range.end, last->end);
    ++last;
  }
  ranges_.insert(ranges_.erase(first, last), range);
}

void RangeSet::subtract(Range range) {
  if (range.empty()) return;
  std::vector<Range> left;
  left.reserve(ranges_.size() + 1);
  for (const Range& r : ranges_) {
    if (!r.overlaps(range)) {
      left.push_back(r);
      continue;
    }
    if (r.start < range.start) left.push_back({r.start, range.start});
    if (range.end < r.end) left.push_back({range.end, r.end});
  }
  ranges_ = std::move(left);
}

bool RangeSet::contains(std::uint64_t value) const {
  return std::any_of(
      ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.contains(value); });
}

bool RangeSet::contains(const Range& range) const {
  return std::any_of(
      ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.contains(range); });
}

bool RangeSet::overlaps(const Range& range) const {
  return std::any_of(
      ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.overlaps(range); });
}

std::uint64_t RangeSet::total() const {
  std::uint64_t sum = 0;
  for (const Range& range : ranges_) sum += range.size();
  return sum;
}

std::optional<std::uint64_t> RangeSet::highest_fit(std::uint64_t size,
                                                   std::uint64_t alignment,
                                                   Range window) const {
  for (auto range = ranges_.rbegin(); range != ranges_.rend(); ++range) {
    const std::uint64_t low = std::max(range->start, window.start);
    const std::uint64_t high = std::min(range->end, window.end);
    if (high <= low || high - low < size) continue;
    const std::uint64_t start = align_down(high - size, alignment);
    if (start >= low) return start;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> RangeSet::lowest_fit(std::uint64_t size,
                                                  std::uint64_t alignment,
                                                  Range window) const {
  for (const Range& range : ranges_) {
    const std::uint64_t low = std::max(range.start, window.start);
    const std::uint64_t high = std::min(range.end, window.end);
    const auto start = checked_align_up(low, alignment);
    if (start && *start < high && high - *start >= size) return start;
  }
  return std::nullopt;
}

}  // namespace kdump
