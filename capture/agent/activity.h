// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "capture/agent/system.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kdump::agent {

/// Processor time of a process with all its threads, in clock ticks: utime and stime of
/// /proc/PID/stat (proc(5)). Nothing on other text.
[[nodiscard]] std::optional<std::uint64_t> processor_time(std::string_view stat);

/// Whether a program still does anything. One that waits for a device that never answers uses no
/// processor time at all; one that saves a page every now and then does.
class Activity {
 public:
  Activity(const SysRoot& root, pid_t pid, Deadline now) : root_(root), pid_(pid), since_(now) {}

  /// How long it has done nothing, after a look at it.
  [[nodiscard]] Clock::duration idle(Deadline now);

 private:
  const SysRoot& root_;
  pid_t pid_;
  std::uint64_t used_ = 0;
  Deadline since_;
};

}  // namespace kdump::agent
