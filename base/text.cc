// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include "base/checked_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace kdump {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";

template <typename T>
std::optional<T> parse_number(std::string_view text, int base) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool has_hex_prefix(std::string_view text) {
  return text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto end = text.find(separator);
    fields.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return fields;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return words;
    text.remove_prefix(first);
    const auto end = std::min(text.find_first_of(kBlanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string_view> split_lines(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return {};
  return split(text, '\n');
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  if (has_hex_prefix(text)) return parse_number<std::uint64_t>(text.substr(2), 16);
  return parse_number<std::uint64_t>(text, 10);
}

std::optional<std::int64_t> parse_signed(std::string_view text) {
  return parse_number<std::int64_t>(text, 10);
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  return parse_number<std::uint64_t>(has_hex_prefix(text) ? text.substr(2) : text, 16);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kUnits = "KMGTPE";
  if (text.empty()) return std::nullopt;
  unsigned shift = 0;
  const char last = text.back() >= 'a' ? static_cast<char>(text.back() - 'a' + 'A') : text.back();
  const auto unit = kUnits.find(last);
  // In a hexadecimal number a final E is a digit, as it is for the kernel.
  if (unit != std::string_view::npos && !(last == 'E' && has_hex_prefix(text))) {
    shift = 10U * (static_cast<unsigned>(unit) + 1);
    text.remove_suffix(1);
  }
  const auto number = parse_unsigned(text);
  if (!number) return std::nullopt;
  return checked_mul(*number, std::uint64_t{1} << shift);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kNames = {
      "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024.0 && unit + 1 < kNames.size()) {
    value /= 1024.0;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

std::string escape_control(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace kdump
