// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/step_report.h"
#include "capture/agent/system.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace kdump::agent {

struct SupervisorLimits {
  /// The worker is killed then at the latest, whatever it reports.
  Deadline end;
  /// The time until the first report, and what a step may exceed its own deadline by: the worker
  /// ends an overdue step itself and says why, which is better than being killed.
  std::chrono::milliseconds grace{10'000};
  /// How long a killed worker may take to disappear. One that is stuck in the kernel does not.
  std::chrono::milliseconds burial{2'000};
};

/// A step that the worker has been at, and for how long.
struct StepTime {
  std::size_t target = 0;
  Step step = Step::kModules;
  Clock::duration took{};
};

/// How the worker ended.
struct WorkerEnd {
  enum class How {
    kSucceeded,  ///< exit code 0
    kFailed,     ///< kWorkerFailed: it failed, said why and left the log
    kDeclined,   ///< kWorkerDeclined: kdump_pre wanted no dump
    kDied,       ///< any other exit code, or a signal
    kStuck,      ///< killed for a deadline
  };
  How how = How::kDied;
  std::string reason;           ///< for people, of kDied and kStuck; else empty
  StepReport last;              ///< its last report
  std::vector<StepTime> steps;  ///< in their order; of at most 1000
};

/// Exit codes of the worker. 1 is what a program ends with that did not get as far as choosing.
inline constexpr int kWorkerSucceeded = 0;
inline constexpr int kWorkerFailed = 2;
inline constexpr int kWorkerDeclined = 3;

/// Runs `worker` (which gets the socket for its reports and returns its exit code) in a forked
/// process group of its own and waits for it, but never longer than the limits say. Reaps the
/// orphans that init inherits meanwhile. An error means that it could not be started. Does nothing
/// itself that can block on a device.
Result<WorkerEnd> supervise(const std::function<int(int report_fd)>& worker,
                            const SupervisorLimits& limits);

}  // namespace kdump::agent
