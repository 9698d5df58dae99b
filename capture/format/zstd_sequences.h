// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/format/fse_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kdump::capture {

/// The sequences section of a zstd frame's only block (RFC 8878 section 3.1.1.3.2), in codes made
/// for it.
class ZstdSequences {
 public:
  /// RFC 8878 section 3.1.1.3.2.1.1: a match has three bytes at least.
  static constexpr std::size_t kMinMatch = 3;
  static constexpr std::size_t kMost = 0x7eff;

  void clear();
  void reserve(std::size_t count) { sequences_.reserve(count); }
  /// So many bytes of literals, then `match` bytes equal to those `distance` before them. At most
  /// kMost.
  void add(std::size_t literals, std::size_t match, std::size_t distance);
  [[nodiscard]] std::size_t count() const { return sequences_.size(); }

  /// Bytes that write() may touch for so many sequences.
  [[nodiscard]] static constexpr std::size_t bound(std::size_t count) {
    constexpr std::size_t kMostTables = 3 * 40;
    constexpr std::size_t kMostBytes = 9;  // 70 bits a sequence
    return kMostTables + (count + 1) * kMostBytes + 2 * sizeof(std::uint64_t);
  }
  /// One sequence at least; returns the bytes written.
  std::size_t write(std::byte* into) const;

 private:
  struct Sequence {
    std::uint64_t extra = 0;  ///< the bits behind the three codes
    std::uint8_t extra_bits = 0;
    std::uint8_t literals_code = 0, match_code = 0, offset_code = 0;
  };

  std::vector<Sequence> sequences_;
  std::array<std::size_t, 3> recent_{};  ///< distances, as a decoder remembers them
  FseTable::Counts literals_counts_{}, match_counts_{}, offset_counts_{};
};

/// What stands in front of the literals of a frame with one block: magic number, the content's size
/// and the block's header. For content of 256 bytes to 64 KiB.
inline constexpr std::size_t kZstdFrameHeader = 10;
void put_zstd_frame_header(std::byte* into, std::size_t content_size, std::size_t block_size);

/// The header of literals as they are (section 3.1.1.3.1).
inline constexpr std::size_t kZstdLiteralsHeader = 3;
void put_zstd_literals_header(std::byte* into, std::size_t count);

}  // namespace kdump::capture
