// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/step_report.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace kdump::agent {
namespace {

constexpr std::array<const char*, kStepCount> kStepNames{
    "modules", "device", "mount", "directory", "dmesg", "collect", "sync", "log", "unmount"};

}  // namespace

const char* to_string(Step step) { return kStepNames.at(static_cast<std::size_t>(step)); }

std::string encode(const StepReport& report) {
  return fmt::format("{} {} {}",
                     static_cast<int>(report.step),
                     report.deadline.time_since_epoch().count(),
                     report.dump_directory);
}

Result<StepReport> decode_step_report(std::string_view datagram) {
  const std::size_t first = datagram.find(' ');
  const std::size_t second =
      first == std::string_view::npos ? first : datagram.find(' ', first + 1);
  if (second == std::string_view::npos) {
    return make_error(ErrorKind::kBadData, "step report: '{}'", escape_control(datagram));
  }
  const auto step = parse_signed(datagram.substr(0, first));
  const auto deadline = parse_signed(datagram.substr(first + 1, second - first - 1));
  if (!step || *step < 0 || *step >= kStepCount || !deadline) {
    return make_error(ErrorKind::kBadData, "step report: '{}'", escape_control(datagram));
  }
  return StepReport{static_cast<Step>(*step),
                    Deadline(Clock::duration(*deadline)),
                    std::string(datagram.substr(second + 1))};
}

Deadline StepClock::begin(Step step, unsigned seconds) {
  report_.step = step;
  report_.deadline = std::min(system_.now() + std::chrono::seconds(seconds), end_of_work_);
  send();
  return report_.deadline;
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
