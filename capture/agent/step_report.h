// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/progress_mark.h"
#include "capture/agent/system.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace kdump::agent {

/// What the worker is at, in the order in which it happens.
enum class Step {
  kModules,
  kNetwork,
  kDevice,
  kMount,
  kDirectory,
  kHook,
  kDmesg,
  kEstimate,
  kCollect,
  kSync,
  kLog,
  kUnmount
};
inline constexpr int kStepCount = 12;

[[nodiscard]] const char* to_string(Step step);

/// The worker's message to the supervisor: one datagram.
struct StepReport {
  Step step = Step::kModules;
  std::size_t target = 0;      ///< index of the target whose turn it is
  Deadline deadline;           ///< until when the step ends by itself
  std::string dump_directory;  ///< where this dump's files lie; "" as long as there is none
  friend bool operator==(const StepReport&, const StepReport&) = default;
};

[[nodiscard]] std::string encode(const StepReport& report);
Result<StepReport> decode_step_report(std::string_view datagram);

/// The worker's side: sets the deadline of each step and tells the supervisor.
class StepClock {
 public:
  /// No step's deadline is later than `end_of_work`. `report_fd`: the supervisor's socket.
  /// `mark`, if any, is told how long the capture counts as alive.
  StepClock(const System& system,
            Deadline end_of_work,
            int report_fd,
            const ProgressMark* mark = nullptr)
      : system_(system), end_of_work_(end_of_work), report_fd_(report_fd), mark_(mark) {}

  /// The step begins; returns its deadline.
  Deadline begin(Step step, unsigned seconds);
  /// What the step waits for has done something. A step that may take hours is alive only while
  /// this is said at least once a minute.
  void moved() const;
  /// The turn of another target: it has no dump directory yet. Told with its first step.
  void set_target(std::size_t index);
  void set_dump_directory(const std::string& directory);
  [[nodiscard]] std::size_t target() const { return report_.target; }

 private:
  void send() const;

  const System& system_;
  Deadline end_of_work_;
  int report_fd_;
  const ProgressMark* mark_;
  StepReport report_;
};

}  // namespace kdump::agent
