// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/fse_table.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace kdump::capture {
namespace {

constexpr unsigned kDescriptionBase = 5;  // the field of the accuracy holds log - 5
constexpr std::size_t kSpreadStep = (FseTable::kStates >> 1U) + (FseTable::kStates >> 3U) + 3;
constexpr unsigned kMostRepeats = 3;

}  // namespace

/// Each symbol that occurs gets a state at least; what rounding leaves goes to, or comes from, the
/// most frequent one.
void FseTable::normalize(const Counts& counts) {
  const std::uint32_t total = std::accumulate(counts.begin(), counts.end(), std::uint32_t{0});
  std::size_t given = 0;
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    const std::uint32_t count = counts[symbol];
    const std::size_t share =
        count == 0 ? 0 : std::max<std::size_t>(1, (count * kStates + total / 2) / total);
    shares_[symbol] = static_cast<std::uint8_t>(share);
    given += share;
  }
  while (given != kStates) {
    auto& largest = *std::max_element(shares_.begin(), shares_.end());
    if (given < kStates) {
      largest = static_cast<std::uint8_t>(largest + (kStates - given));
      return;
    }
    --largest;
    --given;
  }
}

void FseTable::build(const Counts& counts) {
  normalize(counts);
  std::array<std::uint8_t, kStates> symbol_of{};
  std::size_t state = 0;
  std::size_t place = 0;
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    if (shares_[symbol] == 0) continue;
    first_[symbol] = static_cast<std::uint8_t>(place);
    widths_[symbol] =
        static_cast<std::uint8_t>(kLog + 1 - std::bit_width(std::uint32_t{shares_[symbol]}));
    place += shares_[symbol];
    for (std::size_t i = 0; i < shares_[symbol]; ++i) {
      symbol_of[state] = static_cast<std::uint8_t>(symbol);
      state = (state + kSpreadStep) % kStates;
    }
  }
  std::array<std::uint8_t, kSymbols> next = first_;
  for (std::size_t number = 0; number < kStates; ++number) {
    states_[next[symbol_of[number]]++] = static_cast<std::uint8_t>(number);
  }
}

std::size_t FseTable::describe(std::byte* into) const {
  BitWriter bits(into);
  bits.add(kLog - kDescriptionBase, 4);
  std::size_t left = kStates;
  for (std::size_t symbol = 0; left > 0; ++symbol) {
    // A value from 0 to left + 1; the small ones take a bit less.
    const std::size_t most = left + 1;
    const auto width = static_cast<unsigned>(std::bit_width(most));
    const std::size_t short_values = (std::size_t{1} << width) - 1 - most;
    const std::size_t value = shares_[symbol] + std::size_t{1};
    if (value < short_values) {
      bits.add(value, width - 1);
    } else if (value < std::size_t{1} << (width - 1)) {
      bits.add(value, width);
    } else {
      bits.add(value + short_values, width);
    }
    bits.flush();
    left -= shares_[symbol];
    if (shares_[symbol] != 0) continue;
    unsigned repeats = 0;
    for (; shares_[symbol + 1] == 0; ++symbol) {
      if (++repeats == kMostRepeats) {
        bits.add(kMostRepeats, 2);
        bits.flush();
        repeats = 0;
      }
    }
    bits.add(repeats, 2);
  }
  return bits.finish();
}

}  // namespace kdump::capture
