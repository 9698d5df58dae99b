// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/service_job.h"

#include "base/subprocess.h"
#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <unistd.h>

namespace kdump::ctl {
namespace {

constexpr std::string_view kUnit = "kdump.service";
/// It answers at once, or never.
constexpr std::chrono::seconds kDeadline{10};

}  // namespace

bool has_restart_job(std::string_view jobs, std::string_view unit) {
  const auto lines = split_lines(jobs);
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    const auto words = split_words(line);
    return words.size() >= 3 && words[1] == unit && words[2] == "restart";
  });
}

bool stops_for_a_restart() {
  // The process that systemd itself has started (systemd.exec(5)), not an administrator's.
  const char* started = std::getenv("SYSTEMD_EXEC_PID");
  if (started == nullptr || parse_unsigned(started) != static_cast<std::uint64_t>(::getpid())) {
    return false;
  }
  const auto jobs = run_command(
      {"systemctl", "list-jobs", "--plain", "--no-legend", std::string(kUnit)}, kDeadline);
  return jobs && jobs->status.success() && has_restart_job(jobs->out, kUnit);
}

}  // namespace kdump::ctl
