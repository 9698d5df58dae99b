// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/log_text.h"

#include <fmt/format.h>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint64_t kNanosecondsPerMicrosecond = 1000;

// isprint and isspace of the C locale, whatever the locale of this process.
bool shown_as_is(char c) { return (c >= ' ' && c <= '~') || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string format_log_record(std::uint64_t nanoseconds, std::string_view text) {
  std::string out = fmt::format("[{:5}.{:06}] ",
                                nanoseconds / kNanosecondsPerSecond,
                                nanoseconds % kNanosecondsPerSecond / kNanosecondsPerMicrosecond);
  const std::size_t indent = out.size();
  for (const char c : text) {
    if (c == '\n') {
      out += '\n';
      out.append(indent, ' ');
    } else {
      out += shown_as_is(c) ? c : '.';
    }
  }
  out += '\n';
  return out;
}

}  // namespace kdump::capture
