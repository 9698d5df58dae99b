// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/suggestion.h"

#include "base/text.h"

namespace kdump::config {

std::optional<std::string_view> suggestion(std::string_view word,
                                           const std::vector<std::string_view>& names) {
  constexpr std::size_t kShortWord = 4;
  constexpr std::size_t kLongestWord = 64;  // edit_distance costs the product of the lengths
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  std::size_t best = word.size() <= kShortWord ? 1 : 2;
  std::optional<std::string_view> closest;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance > best || (distance == best && closest)) continue;
    best = distance;
    closest = name;
  }
  return closest;
}

}  // namespace kdump::config
