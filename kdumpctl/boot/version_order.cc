// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/version_order.h"

#include <algorithm>
#include <array>
#include <optional>

namespace kdump::boot {
namespace {

/// RPM knows no order of separators but '~' and '^'; the specification orders '-' and '.' too.
constexpr std::string_view kSpecified = "-^.";
constexpr std::string_view kRpm = "^";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int compare_flags(bool a, bool b) { return static_cast<int>(a) - static_cast<int>(b); }

char front(std::string_view text) { return text.empty() ? '\0' : text.front(); }

template <typename Predicate>
std::string_view take_while(std::string_view& text, Predicate predicate) {
  const auto end = std::find_if_not(text.begin(), text.end(), predicate);
  const auto length = static_cast<std::size_t>(end - text.begin());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

/// The separator that both begin with, one of them, or neither; what has it is older.
std::optional<int> compare_separator(std::string_view& a, std::string_view& b, char separator) {
  const bool in_a = front(a) == separator;
  const bool in_b = front(b) == separator;
  if (in_a != in_b) return compare_flags(in_b, in_a);
  if (in_a) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return std::nullopt;
}

int compare_segment(std::string_view& a, std::string_view& b) {
  if (is_digit(front(a)) || is_digit(front(b))) {
    // A number is newer than letters.
    if (const int r = compare_flags(is_digit(front(a)), is_digit(front(b)))) return r;
    take_while(a, [](char c) { return c == '0'; });
    take_while(b, [](char c) { return c == '0'; });
    const std::string_view left = take_while(a, is_digit);
    const std::string_view right = take_while(b, is_digit);
    if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
    return left.compare(right);
  }
  const std::string_view left = take_while(a, is_alpha);
  return left.compare(take_while(b, is_alpha));
}

int compare(std::string_view a, std::string_view b, std::string_view separators) {
  const auto ignored = [separators](char c) {
    return !is_digit(c) && !is_alpha(c) && c != '~' && separators.find(c) == std::string_view::npos;
  };
  for (;;) {
    take_while(a, ignored);
    take_while(b, ignored);
    if (const auto r = compare_separator(a, b, '~')) return *r;
    if (a.empty() || b.empty()) return compare_flags(!a.empty(), !b.empty());
    for (const char separator : separators) {
      if (const auto r = compare_separator(a, b, separator)) return *r;
    }
    if (const int r = compare_segment(a, b)) return r;
  }
}

/// Name, version, release.
std::array<std::string_view, 3> split_file_name(std::string_view name) {
  std::array<std::string_view, 3> parts;
  for (std::size_t part = 2; part > 0; --part) {
    const auto dash = name.rfind('-');
    if (dash == std::string_view::npos) break;
    parts[part] = name.substr(dash + 1);
    name = name.substr(0, dash);
  }
  parts[0] = name;
  return parts;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) { return compare(a, b, kSpecified); }

int compare_bls_file_names(std::string_view a, std::string_view b) {
  const auto left = split_file_name(a);
  const auto right = split_file_name(b);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (const int r = compare(left[i], right[i], kRpm)) return r;
  }
  return 0;
}

}  // namespace kdump::boot
