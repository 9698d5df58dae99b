// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace kdump {

/// Half-open [start, end), in bytes or pages; empty when start == end.
struct Range {
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  [[nodiscard]] constexpr std::uint64_t size() const { return end - start; }
  [[nodiscard]] constexpr bool empty() const { return start >= end; }
  [[nodiscard]] constexpr bool contains(std::uint64_t value) const {
    return value >= start && value < end;
  }
  [[nodiscard]] constexpr bool contains(const Range& other) const {
    return other.start >= start && other.end <= end;
  }
  [[nodiscard]] constexpr bool overlaps(const Range& other) const {
    return start < other.end && other.start < end;
  }
  friend constexpr bool operator==(const Range&, const Range&) = default;
};

/// Sorted, disjoint ranges; touching ones are merged.
class RangeSet {
 public:
  RangeSet() = default;
  explicit RangeSet(const std::vector<Range>& ranges);

  void add(Range range);
  void subtract(Range range);

  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] bool contains(std::uint64_t value) const;
  [[nodiscard]] bool contains(const Range& range) const;
  [[nodiscard]] bool overlaps(const Range& range) const;
  [[nodiscard]] std::uint64_t total() const;

  /// The highest start of `size` free bytes aligned to `alignment` (a power of two) inside one
  /// range and inside `window`.
  [[nodiscard]] std::optional<std::uint64_t> highest_fit(std::uint64_t size,
                                                         std::uint64_t alignment,
                                                         Range window) const;
  /// The lowest such start.
  [[nodiscard]] std::optional<std::uint64_t> lowest_fit(std::uint64_t size,
                                                        std::uint64_t alignment,
                                                        Range window) const;

 private:
  std::vector<Range> ranges_;
};

}  // namespace kdump
