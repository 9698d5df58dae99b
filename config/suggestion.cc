// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/suggestion.h"

#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace kdump::config {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return lower;
}

}  // namespace

std::optional<std::string_view> suggestion(std::string_view word,
                                           const std::vector<std::string_view>& names) {
  constexpr std::size_t kShortWord = 4;
  constexpr std::size_t kLongestWord = 64;  // edit_distance costs the product of the lengths
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  std::size_t best = word.size() <= kShortWord ? 1 : 2;
  std::optional<std::string_view> closest;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(lower_case(word), lower_case(name));
    if (distance > best || (distance == best && closest)) continue;
    best = distance;
    closest = name;
  }
  return closest;
}

}  // namespace kdump::config
