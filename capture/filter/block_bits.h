// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/bit_count.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kdump::capture {

/// One bit for each of 32768 consecutive pages: 4 KiB, 128 MiB of memory with 4 KiB pages. As bytes
/// it is a part of a kdump-compressed bitmap as it stands: bit N of the block is bit N % 8 of byte
/// N / 8.
class BlockBits {
 public:
  static constexpr std::uint64_t kPages = 32768;
  static constexpr std::size_t kWords = kPages / 64;

  [[nodiscard]] bool test(std::uint64_t page) const {
    return (words_[page / 64] >> (page % 64) & 1U) != 0;
  }

  void set(std::uint64_t begin, std::uint64_t end) {
    for_words(begin, end, [this](std::size_t word, std::uint64_t mask) { words_[word] |= mask; });
  }

  /// Clears [begin, end) and returns how many bits of it were set.
  std::uint64_t clear(std::uint64_t begin, std::uint64_t end) {
    std::uint64_t cleared = 0;
    for_words(begin, end, [this, &cleared](std::size_t word, std::uint64_t mask) {
      cleared += bit_count(words_[word] & mask);
      words_[word] &= ~mask;
    });
    return cleared;
  }

  /// Sets what is set in `other`.
  void add(const BlockBits& other) {
    for (std::size_t i = 0; i < kWords; ++i) words_[i] |= other.words_[i];
  }

  /// The first set bit at or after `page`, else kPages.
  [[nodiscard]] std::uint64_t next_set(std::uint64_t page) const { return next(page, 0); }
  /// The first clear bit at or after `page`, else kPages.
  [[nodiscard]] std::uint64_t next_clear(std::uint64_t page) const {
    return next(page, ~std::uint64_t{0});
  }

  /// Set bits in [0, page).
  [[nodiscard]] std::uint64_t count_before(std::uint64_t page) const {
    std::uint64_t count = 0;
    const std::size_t whole = page / 64;
    for (std::size_t i = 0; i < whole; ++i) count += bit_count(words_[i]);
    if (page % 64 != 0) {
      const std::uint64_t mask = (std::uint64_t{1} << (page % 64)) - 1;
      count += bit_count(words_[whole] & mask);
    }
    return count;
  }
  [[nodiscard]] std::uint64_t count() const { return count_before(kPages); }

  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::as_bytes(std::span(words_));
  }
  [[nodiscard]] std::span<std::byte> writable_bytes() {
    return std::as_writable_bytes(std::span(words_));
  }

 private:
  static_assert(std::endian::native == std::endian::little,
                "words hold the bits in the order of the file on little-endian hosts only");

  template <typename Visit>
  static void for_words(std::uint64_t begin, std::uint64_t end, Visit visit) {
    while (begin < end) {
      const std::uint64_t stop = std::min(end, (begin / 64 + 1) * 64);
      std::uint64_t mask = ~std::uint64_t{0} << (begin % 64);
      if (stop % 64 != 0) mask &= (std::uint64_t{1} << (stop % 64)) - 1;
      visit(begin / 64, mask);
      begin = stop;
    }
  }

  [[nodiscard]] std::uint64_t next(std::uint64_t page, std::uint64_t flip) const {
    while (page < kPages) {
      const std::uint64_t word = (words_[page / 64] ^ flip) >> (page % 64);
      if (word != 0) return page + static_cast<std::uint64_t>(std::countr_zero(word));
      page = (page / 64 + 1) * 64;
    }
    return kPages;
  }

  std::array<std::uint64_t, kWords> words_{};
};

}  // namespace kdump::capture
