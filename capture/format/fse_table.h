// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kdump::capture {

/// Bits for a zstd bitstream (RFC 8878 section 4): the first bit written is the lowest of the first
/// byte. The caller sees to it that there is room for all that is written, and 8 bytes more.
class BitWriter {
 public:
  explicit BitWriter(std::byte* at) : start_(at), at_(at) {}

  /// At most 57 bits between two calls of flush(); those above `count` must be clear.
  void add(std::uint64_t bits, unsigned count) {
    held_ |= bits << held_bits_;
    held_bits_ += count;
  }
  /// Writes the whole bytes.
  void flush() {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(at_, &held_, sizeof(held_));
    at_ += held_bits_ / 8;
    held_ >>= held_bits_ & ~7U;
    held_bits_ &= 7U;
  }
  /// Fills the last byte with zeros. Returns how many bytes there are in all.
  std::size_t finish() {
    flush();
    return static_cast<std::size_t>(at_ - start_) + (held_bits_ > 0 ? 1 : 0);
  }

 private:
  std::byte* start_;
  std::byte* at_;
  std::uint64_t held_ = 0;
  unsigned held_bits_ = 0;
};

/// The encoding side of an FSE table (RFC 8878 section 4.1) for one of the three codes of zstd's
/// sequences: at most 53 symbols, 64 states.
class FseTable {
 public:
  static constexpr unsigned kLog = 6;
  static constexpr std::size_t kStates = std::size_t{1} << kLog;
  static constexpr std::size_t kSymbols = 53;
  using Counts = std::array<std::uint16_t, kSymbols>;

  /// Makes the table for symbols that occur so often, two different ones at least and no more than
  /// kStates.
  void build(const Counts& counts);
  /// Writes its description (section 4.1.1); returns the bytes taken, 40 at most.
  std::size_t describe(std::byte* into) const;

  /// The state before the last symbol, which costs no bits.
  [[nodiscard]] std::uint32_t first_state(unsigned symbol) const {
    return static_cast<std::uint32_t>(kStates) + states_[first_[symbol]];
  }
  /// Writes the bits that lead from `symbol` to what was encoded before; returns the new state.
  std::uint32_t encode(std::uint32_t state, unsigned symbol, BitWriter& bits) const {
    const std::uint32_t share = shares_[symbol];
    const unsigned count = widths_[symbol] - (state >> widths_[symbol] < share ? 1U : 0U);
    bits.add(state & ((1U << count) - 1), count);
    return static_cast<std::uint32_t>(kStates) + states_[first_[symbol] + (state >> count) - share];
  }
  /// Writes the state with which a decoder begins.
  static void finish(std::uint32_t state, BitWriter& bits) { bits.add(state - kStates, kLog); }

 private:
  void normalize(const Counts& counts);

  std::array<std::uint8_t, kSymbols> shares_{};  ///< of the states, for each symbol
  std::array<std::uint8_t, kSymbols> first_{};   ///< its first place in states_
  std::array<std::uint8_t, kSymbols> widths_{};  ///< the most bits that it writes
  std::array<std::uint8_t, kStates> states_{};   ///< by symbol, ascending: number of the state
};

}  // namespace kdump::capture
