// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/plain_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kdump::config {
namespace {

struct Lead {
  std::size_t length;       ///< of the whole sequence; 0: no sequence begins so
  std::uint8_t first_low;   ///< bounds of the second byte: they exclude overlong forms, surrogates
  std::uint8_t first_high;  ///< and what lies above U+10FFFF
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte >= 0xc2 && byte <= 0xdf) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte >= 0xe1 && byte <= 0xef) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte >= 0xf1 && byte <= 0xf3) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Lead lead = lead_of(byte_at(text, 0));
    if (lead.length == 0 || lead.length > text.size()) return false;
    for (std::size_t i = 1; i < lead.length; ++i) {
      const std::uint8_t low = i == 1 ? lead.first_low : std::uint8_t{0x80};
      const std::uint8_t high = i == 1 ? lead.first_high : std::uint8_t{0xbf};
      if (byte_at(text, i) < low || byte_at(text, i) > high) return false;
    }
    text.remove_prefix(lead.length);
  }
  return true;
}

std::optional<std::string_view> text_problem(std::string_view text) {
  if (!is_utf8(text)) return "is not valid UTF-8";
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
  if (control) return "contains a control character";
  return std::nullopt;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

}  // namespace kdump::config
