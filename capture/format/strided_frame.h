// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/format/fse_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kdump::capture {

/// Compresses pages that repeat themselves at fixed distances into zstd frames (RFC 8878): arrays
/// of struct pages above all, which are most of what a filtered dump of a large machine holds.
///
/// A frame has one block: literals as they are, sequences in codes made for the page. Any zstd
/// decoder reads it. Neighbouring pages of the memmap repeat themselves at the same places: a page
/// in which the sequences of an earlier one hold needs its own literals only, and takes a fraction
/// of the time of libzstd's level 1.
///
/// One object a thread; for pages of 4 KiB it takes 60 KiB, of 64 KiB 0.9 MiB.
class StridedFrame {
 public:
  /// Pages of 4 to 64 KiB.
  explicit StridedFrame(std::size_t page_size);

  /// Bytes that compress() may touch of `into`.
  [[nodiscard]] std::size_t bound() const;

  /// The size of the frame, or 0: the page does not repeat itself enough, and is libzstd's.
  std::size_t compress(std::span<const std::byte> page, std::byte* into);

 private:
  static constexpr std::size_t kDistances = 3;
  static constexpr std::size_t kPlans = 4;

  struct Sequence {
    std::uint64_t extra = 0;  ///< the bits behind the three codes
    std::uint8_t extra_bits = 0;
    std::uint8_t literals_code = 0, match_code = 0, offset_code = 0;
  };

  /// How one page was taken apart.
  struct Plan {
    bool made = false;
    std::uint64_t last_use = 0;
    /// For each distance, the bytes that are equal to those so far before them.
    std::array<std::vector<std::uint64_t>, kDistances> equal;
    std::vector<std::uint16_t> literals;  ///< where they are in the page
    std::vector<std::byte> sequences;     ///< as they stand in the frame
  };

  [[nodiscard]] static bool repeats(std::span<const std::byte> page);
  [[nodiscard]] static bool holds(const Plan& plan, std::span<const std::byte> page);
  const Plan* plan_for(std::span<const std::byte> page);
  bool parse(std::span<const std::byte> page, Plan& plan);
  void add_sequence(std::size_t literals, std::size_t match, std::size_t distance);
  void write_sequences(std::vector<std::byte>& into);

  std::size_t page_size_;
  std::array<Plan, kPlans> plans_;
  std::uint64_t clock_ = 0;
  // Of the page that is being parsed.
  std::vector<Sequence> sequences_;
  std::array<std::size_t, 3> recent_{};  ///< distances, as a decoder remembers them
  FseTable::Counts literals_counts_{}, match_counts_{}, offset_counts_{};
};

}  // namespace kdump::capture
