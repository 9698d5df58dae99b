// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/activity.h"

#include "base/text.h"

namespace kdump::agent {

namespace {

/// A fifth of a second (USER_HZ is 100): telling every five seconds that nothing happens takes less
/// in the time that a program may stall, saving a few MiB takes more.
constexpr std::uint64_t kLeastTicks = 20;

}  // namespace

std::optional<std::uint64_t> processor_time(std::string_view stat) {
  // The program's name may hold anything, a parenthesis too; state is the first word after it.
  constexpr std::size_t kUserTime = 11;
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto words = split_words(stat.substr(name_end + 1));
  if (words.size() <= kUserTime + 1) return std::nullopt;
  const auto user = parse_unsigned(words[kUserTime]);
  const auto system = parse_unsigned(words[kUserTime + 1]);
  if (!user || !system) return std::nullopt;
  return *user + *system;
}

Clock::duration Activity::idle(Deadline now) {
  const auto stat = root_.read(fmt::format("/proc/{}/stat", pid_));
  const auto used = stat ? processor_time(*stat) : std::nullopt;
  // What cannot be looked at is given the benefit of the doubt; the deadline ends it.
  if (!used || *used >= used_ + kLeastTicks) {
    used_ = used.value_or(used_);
    since_ = now;
  }
  return now - since_;
}

}  // namespace kdump::agent
