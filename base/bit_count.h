// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace kdump {

/// Set bits of `word`. std::popcount() is a call into the compiler's library on the oldest x86_64
/// that programs are built for; this is not, and vectorizes.
constexpr std::uint64_t bit_count(std::uint64_t word) {
  constexpr std::uint64_t kPairs = 0x5555555555555555;
  constexpr std::uint64_t kNibbles = 0x3333333333333333;
  constexpr std::uint64_t kBytes = 0x0f0f0f0f0f0f0f0f;
  constexpr std::uint64_t kSumOfBytes = 0x0101010101010101;
  word -= word >> 1U & kPairs;
  word = (word & kNibbles) + (word >> 2U & kNibbles);
  word = (word + (word >> 4U)) & kBytes;
  return word * kSumOfBytes >> 56U;
}

}  // namespace kdump
