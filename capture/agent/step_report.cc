// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/step_report.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace kdump::agent {
namespace {

/// How long a step of hours counts as alive without a sign of life.
constexpr std::chrono::seconds kPatience{60};

constexpr std::array<const char*, kStepCount> kStepNames{"modules",
                                                         "network",
                                                         "device",
                                                         "mount",
                                                         "directory",
                                                         "hook",
                                                         "dmesg",
                                                         "estimate",
                                                         "collect",
                                                         "sync",
                                                         "log",
                                                         "unmount"};

}  // namespace

const char* to_string(Step step) { return kStepNames.at(static_cast<std::size_t>(step)); }

std::string encode(const StepReport& report) {
  return fmt::format("{} {} {} {}",
                     static_cast<int>(report.step),
                     report.target,
                     report.deadline.time_since_epoch().count(),
                     report.dump_directory);
}

Result<StepReport> decode_step_report(std::string_view datagram) {
  const Error bad = make_error(ErrorKind::kBadData, "step report: '{}'", escape_control(datagram));
  std::array<std::int64_t, 3> numbers{};  // step, target, deadline
  std::string_view rest = datagram;
  for (std::int64_t& number : numbers) {
    const std::size_t blank = rest.find(' ');
    if (blank == std::string_view::npos) return bad;
    const auto parsed = parse_signed(rest.substr(0, blank));
    if (!parsed) return bad;
    number = *parsed;
    rest.remove_prefix(blank + 1);
  }
  if (numbers[0] < 0 || numbers[0] >= kStepCount || numbers[1] < 0) return bad;
  return StepReport{static_cast<Step>(numbers[0]),
                    static_cast<std::size_t>(numbers[1]),
                    Deadline(Clock::duration(numbers[2])),
                    std::string(rest)};
}

Deadline StepClock::begin(Step step, unsigned seconds) {
  report_.step = step;
  report_.deadline = std::min(system_.now() + std::chrono::seconds(seconds), end_of_work_);
  send();
  if (mark_ != nullptr) mark_->alive_until(report_.deadline);
  if (step == Step::kCollect) moved();
  return report_.deadline;
}

void StepClock::moved() const {
  if (mark_ == nullptr) return;
  mark_->alive_until(std::min(system_.now() + kPatience, report_.deadline));
}

void StepClock::set_target(std::size_t index) {
  report_.target = index;
  report_.dump_directory.clear();
}

void StepClock::set_dump_directory(const std::string& directory) {
  report_.dump_directory = directory;
  send();
}

void StepClock::send() const {
  const std::string datagram = encode(report_);
  // Without blocking: a supervisor that does not read still has the total deadline.
  (void)::send(report_fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace kdump::agent
