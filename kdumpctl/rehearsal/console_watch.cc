// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/console_watch.h"

#include "base/text.h"

#include <fmt/format.h>

namespace kdump::ctl::rehearsal {
namespace {

constexpr std::size_t kLongestLine = 500;
constexpr std::size_t kLines = 20;
constexpr std::size_t kMostErrors = 5;
constexpr std::string_view kAgentError = "kdump-agent: ERROR: ";

double seconds(ConsoleWatch::Time time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::string ConsoleWatch::take(std::string_view bytes, Time now) {
  std::string told;
  for (const char c : bytes) {
    if (c != '\n') {
      if (c != '\r' && line_.size() < kLongestLine) line_ += c;
      continue;
    }
    const std::string sentence = take_line(now);
    if (!sentence.empty()) told += (told.empty() ? "" : "; ") + sentence;
    tail_.push_back(escape_control(line_));
    if (tail_.size() > kLines) tail_.pop_front();
    line_.clear();
  }
  return told;
}

std::string ConsoleWatch::take_line(Time now) {
  const auto has = [this](std::string_view text) { return line_.find(text) != std::string::npos; };
  if (!panic_ && has("Kernel panic - not syncing")) {
    panic_ = now;
    return fmt::format("the kernel has panicked, {:.1f} s after the start", seconds(now));
  }
  if (!panic_) return {};
  const std::size_t error = line_.find(kAgentError);
  if (error != std::string::npos && errors_.size() < kMostErrors) {
    errors_.push_back(escape_control(line_.substr(error + kAgentError.size())));
  }
  if (!dmesg_ && has("kdump-agent: saved vmcore-dmesg.txt")) {
    dmesg_ = now;
    return fmt::format("vmcore-dmesg.txt saved, {:.1f} s after the panic", seconds(now - *panic_));
  }
  if (!vmcore_ && has("kdump-agent: saved vmcore (")) {
    vmcore_ = now;
    return fmt::format("vmcore saved, {:.1f} s after the panic", seconds(now - *panic_));
  }
  return {};
}

}  // namespace kdump::ctl::rehearsal
