// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/crashkernel_value.h"

#include "base/text.h"

#include <limits>

namespace kdump::config {
namespace {

/// The kernel rounds the machine's memory up to this before it looks at the ranges
/// (kernel/crash_reserve.c, parse_crashkernel_mem): firmware keeps some of it for itself.
constexpr std::uint64_t kGranule = std::uint64_t{128} << 20U;

/// "256M" or "256M@16M".
std::optional<std::uint64_t> parse_amount(std::string_view text) {
  const auto at = text.find('@');
  if (at != std::string_view::npos && !parse_size(text.substr(at + 1))) return std::nullopt;
  return parse_size(text.substr(0, at));
}

struct RangeAmount {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t size = 0;
};

/// "2G-64G:256M", "64G-:512M".
std::optional<RangeAmount> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto colon = text.find(':');
  if (dash == std::string_view::npos || colon == std::string_view::npos || colon < dash) {
    return std::nullopt;
  }
  const auto start = parse_size(text.substr(0, dash));
  const std::string_view end_text = text.substr(dash + 1, colon - dash - 1);
  const auto end =
      end_text.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_size(end_text);
  const auto size = parse_amount(text.substr(colon + 1));
  if (!start || !end || !size || *end <= *start) return std::nullopt;
  return RangeAmount{*start, *end, *size};
}

std::optional<CrashkernelRequest> parse_ranges(std::string_view value, std::uint64_t ram) {
  const std::string_view ranges = value.substr(0, value.find('@'));
  const std::uint64_t rounded = ram > std::numeric_limits<std::uint64_t>::max() - kGranule
                                    ? ram
                                    : (ram + kGranule - 1) / kGranule * kGranule;
  CrashkernelRequest request;
  for (const std::string_view text : split(ranges, ',')) {
    const auto range = parse_range(text);
    if (!range) return std::nullopt;
    if (request.size == 0 && rounded >= range->start && rounded < range->end) {
      request.size = range->size;
    }
  }
  return request;
}

}  // namespace

std::optional<CrashkernelRequest> parse_crashkernel(std::string_view value, std::uint64_t ram) {
  if (value.find(':') != std::string_view::npos) return parse_ranges(value, ram);
  const auto comma = value.find(',');
  const auto amount = parse_amount(value.substr(0, comma));
  if (!amount) return std::nullopt;
  const std::string_view kind =
      comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  if (kind.empty() && comma == std::string_view::npos) return CrashkernelRequest{.size = *amount};
  if (kind == "high") return CrashkernelRequest{.size = *amount, .high = true};
  if (kind == "low") return CrashkernelRequest{.low = *amount};
  if (kind == "cma") return CrashkernelRequest{.cma = *amount};
  return std::nullopt;
}

}  // namespace kdump::config
