// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/format/zstd_sequences.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kdump::capture {

/// Compresses pages that repeat themselves at fixed distances: arrays of struct pages above all,
/// which are most of what a filtered dump of a large machine holds. What it writes is a zstd frame
/// (RFC 8878) or an LZO1X block like any other.
///
/// Neighbouring pages of the memmap repeat themselves at the same places. How one page was taken
/// apart is kept as a record with holes: a page in which the same bytes repeat needs its own
/// literals in the holes only, and takes a fraction of a general compressor's time.
///
/// One object a thread; for pages of 4 KiB it takes 150 KiB, of 64 KiB 0.6 MiB.
class StridedCodec {
 public:
  enum class Format { kZstd, kLzo };

  /// Pages of 4 to 64 KiB.
  StridedCodec(std::size_t page_size, Format format);

  /// Bytes that compress() may touch of `into`.
  [[nodiscard]] std::size_t bound() const { return record_bound_; }

  /// The size of the record, or 0: the page is like none that was learnt.
  std::size_t compress(std::span<const std::byte> page, std::byte* into);

  /// Learns from the page that compress() answered with 0, when a record of it has at most `most`
  /// bytes: what a general compressor made of it, for instance.
  void learn(std::span<const std::byte> page, std::size_t most);

 private:
  static constexpr std::size_t kDistances = 3;
  /// For each distance, the bytes of a page that are equal to those so far before them.
  using Equal = std::array<std::vector<std::uint64_t>, kDistances>;

  struct Match {
    std::uint16_t literals = 0, length = 0, distance = 0;
  };
  /// A byte of the page and its place in the record.
  struct Hole {
    std::uint16_t from = 0, to = 0;
  };
  /// How one page was taken apart.
  struct Plan {
    bool made = false;
    std::uint64_t last_use = 0;
    Equal equal;  ///< where each of the matches is
    std::vector<Hole> holes;
    std::vector<std::byte> record;
  };

  [[nodiscard]] static bool repeats(std::span<const std::byte> page);
  [[nodiscard]] static bool holds(const Plan& plan, std::span<const std::byte> page);
  std::size_t fill(Plan& plan, std::span<const std::byte> page, std::byte* into);
  void compare(std::span<const std::byte> page);
  bool parse(std::size_t most, Plan& plan);
  void write_zstd(std::size_t page_size, Plan& plan);
  void write_lzo(Plan& plan);
  bool make(std::span<const std::byte> page, std::size_t most, Plan& plan);

  std::size_t page_size_;
  Format format_;
  std::size_t record_bound_;
  std::vector<Plan> plans_;
  std::uint64_t clock_ = 0;
  std::size_t last_plan_ = 0;
  bool learnable_ = false;    ///< of the last page
  std::size_t patience_ = 0;  ///< grows with each page that was learnt, until a record is of use
  std::size_t waiting_ = 0;
  // Of the page that is being learnt.
  Equal equal_;
  std::vector<Match> matches_;
  std::vector<std::uint16_t> literals_;
  ZstdSequences sequences_;
};

}  // namespace kdump::capture
