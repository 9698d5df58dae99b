// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>

namespace kdump::capture {

/// Writes an LZO1X block, as the kernel's Documentation/staging/lzo.rst describes it, match by
/// match.
class LzoWriter {
 public:
  static constexpr std::size_t kMinMatch = 3;
  static constexpr std::size_t kFarthest = 0xbfff;

  /// `at`: with room for bound() of what will be written.
  explicit LzoWriter(std::byte* at) : start_(at), at_(at) {}

  /// So many literals in front of a match or the end; returns where they go. Some at the start of
  /// the block.
  std::byte* literals(std::size_t count);
  void match(std::size_t length, std::size_t distance);
  /// Returns the size of the block.
  std::size_t finish();

  /// A match takes three bytes at most, and one for each 255 bytes of its length; a run of literals
  /// its bytes, one, and one for each 255.
  [[nodiscard]] static constexpr std::size_t bound(std::size_t page_size, std::size_t matches) {
    return page_size + 5 * (matches + 1) + page_size / 255 * 2 + 3;
  }

 private:
  std::byte* start_;
  std::byte* at_;
};

}  // namespace kdump::capture
