// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/agent.h"

#include "base/io.h"
#include "capture/agent/bounded_call.h"
#include "capture/agent/capture.h"
#include "capture/agent/capture_log.h"
#include "capture/agent/failure_record.h"
#include "capture/agent/heartbeat.h"
#include "capture/agent/hooks.h"
#include "capture/agent/progress_mark.h"
#include "capture/agent/ssh_target.h"
#include "capture/agent/supervisor.h"
#include "capture/agent/watchdog.h"
#include "config/capture_plan.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <vector>

namespace kdump::agent {
namespace {

// How long the log of a worker that died or is stuck may take: its device may be what is sick.
constexpr std::chrono::seconds kLastWordsPatience{60};

/// How the total deadline is divided at its end: the worker stops by itself, then it is stopped,
/// then the log is saved in its stead, then comes the final action.
struct Deadlines {
  Deadline end_of_work;
  Deadline end_of_worker;
  Deadline end_of_all;
};

Deadlines divide(Deadline start, unsigned total_seconds) {
  using std::chrono::milliseconds;
  const milliseconds total{std::int64_t{total_seconds} * 1000};
  const milliseconds share = std::min(milliseconds(20'000), total / 10);
  return {start + total - 2 * share, start + total - share, start + total};
}

Result<config::CapturePlan> read_plan(const SysRoot& root) {
  auto plan = config::capture_plan_from_json(TRY(root.read(config::kCapturePlanPath)));
  if (!plan) return std::move(plan).error().with_context(config::kCapturePlanPath);
  return plan;
}

/// What the processes of a capture have in common.
struct Work {
  const InitContext& init;
  const config::CapturePlan& plan;
  const ProgressMark* mark;  ///< nullptr when nobody asks how it goes
  MemoryReserve& reserve;
};

int work(const Work& shared, std::size_t first_target, Deadline end, int report_fd) {
  const InitContext& init = shared.init;
  const config::CapturePlan& plan = shared.plan;
  // The collector goes first when memory runs out; the worker is small and has the log to save.
  if (const auto status = write_attribute(init.root.path("/proc/self/oom_score_adj"), "-1000");
      !status) {
    init.log.warning("{}", status.error().message);
  }
  StepClock steps(init.system, end, report_fd, shared.mark);
  MemoryWatch memory(init.root);
  switch (capture({plan, init.root, init.system, init.log, steps, memory, shared.reserve},
                  first_target)) {
    case CaptureEnd::kSaved:
      return kWorkerSucceeded;
    case CaptureEnd::kDeclined:
      return kWorkerDeclined;
    case CaptureEnd::kFailed:
      return kWorkerFailed;
  }
  return kWorkerFailed;
}

// What the worker would have done had it lived.
void save_last_words(const InitContext& init,
                     const config::CapturePlan& plan,
                     const StepReport& last,
                     Deadline deadline) {
  if (last.dump_directory.empty()) {
    init.log.warning("there is no dump directory yet; the log is on this console only");
    return;
  }
  // The supervisor has its number from the worker, which may be what is broken.
  const auto* ssh = last.target < plan.targets.size()
                        ? std::get_if<config::PlannedSsh>(&plan.targets[last.target].place)
                        : nullptr;
  const auto result = call_bounded(
      "save the log of the failed capture",
      [&]() -> Result<std::string> {
        if (ssh != nullptr) {
          TRY(save_log_on_ssh_server(
              init.root, init.system, init.log, *ssh, last.dump_directory, deadline));
          return std::string();
        }
        TRY(save_capture_log(last.dump_directory, init.log, init.system));
        TRY(init.system.sync_and_unmount(mount_point_of(init.root, last.target), deadline));
        return std::string();
      },
      deadline,
      Overdue::kLeaveRunning);
  if (!result) init.log.error("{}", result.error().message);
}

// A worker that dies or gets stuck over one target is followed by one that goes on with the next.
CaptureEnd capture_under_supervision(const Work& shared,
                                     const Deadlines& deadlines,
                                     std::vector<StepTime>& steps) {
  const InitContext& init = shared.init;
  const config::CapturePlan& plan = shared.plan;
  for (std::size_t first = 0; first < plan.targets.size();) {
    const auto end = supervise(
        [&](int report_fd) { return work(shared, first, deadlines.end_of_work, report_fd); },
        {.end = deadlines.end_of_worker});
    if (!end) {
      init.log.error("{}", end.error().message);
      return CaptureEnd::kFailed;
    }
    steps.insert(steps.end(), end->steps.begin(), end->steps.end());
    if (end->how == WorkerEnd::How::kSucceeded) return CaptureEnd::kSaved;
    if (end->how == WorkerEnd::How::kDeclined) return CaptureEnd::kDeclined;
    if (end->how == WorkerEnd::How::kFailed) break;  // it has said why, and tried all targets
    init.log.error("no vmcore was saved: {}", end->reason);
    save_last_words(
        init, plan, end->last, std::min(deadlines.end_of_all, Clock::now() + kLastWordsPatience));
    first = std::max(first, end->last.target) + 1;
    if (Clock::now() >= deadlines.end_of_work) break;
  }
  init.log.error("no vmcore was saved");
  return CaptureEnd::kFailed;
}

void run_emergency_hooks(const InitContext& init,
                         const config::CapturePlan& plan,
                         Deadline end_of_all) {
  (void)run_hooks(plan.hooks.emergency, {}, init.system, init.log, [&] {  // none of them decides
    return std::min(end_of_all, Clock::now() + std::chrono::seconds(plan.deadlines.hook));
  });
}

/// The pid of the process that does it, 0 when there is none.
pid_t feed_watchdogs(const InitContext& init, Deadline end) {
  const auto feeder = start_feeding(init.root, end);
  if (feeder) return *feeder;
  init.log.warning("{}", feeder.error().message);
  return 0;
}

/// For a person at the console: how far each target has come, and how long each step took. What a
/// target was at last is where it failed.
void show_steps(const InitContext& init,
                const config::CapturePlan& plan,
                const std::vector<StepTime>& steps) {
  for (std::size_t target = 0; target < plan.targets.size(); ++target) {
    std::string line;
    for (const StepTime& time : steps) {
      if (time.target != target) continue;
      line += fmt::format("{}{} {:.1f} s",
                          line.empty() ? "" : ", ",
                          to_string(time.step),
                          std::chrono::duration<double>(time.took).count());
    }
    init.log.info("{}: {}", plan.targets[target].name, line.empty() ? "not tried" : line);
  }
}

/// Tells the other nodes of the cluster that this host is busy, not dead; returns what the worker
/// has to say to it.
std::optional<ProgressMark> tell_cluster(const InitContext& init,
                                         const config::CapturePlan& plan,
                                         Deadline end) {
  if (!plan.fence_kdump) return std::nullopt;
  auto mark = ProgressMark::create();
  const auto started =
      mark ? start_heartbeat(*plan.fence_kdump, *mark, end) : Result<pid_t>(mark.error());
  if (!started) {
    init.log.warning("no fence_kdump messages: {}", started.error().message);
    return std::nullopt;
  }
  init.log.info("fence_kdump messages to {}", fmt::join(plan.fence_kdump->addresses, " "));
  return std::move(mark).take();
}

}  // namespace

void run_as_init(const InitContext& init) {
  const Deadline start = init.system.now();
  const auto plan = read_plan(init.root);
  if (!plan) {
    init.log.error("{}\nthis image has no usable plan; run 'kdumpctl rebuild' on the host",
                   plan.error().message);
    return perform_failure_action(
        config::FailureAction::kReboot, config::FinalAction::kReboot, init.log, init.power);
  }
  init.log.info("capture kernel for {}; {} s until the {} at the latest",
                plan->kernel_release,
                plan->deadlines.total,
                config::to_string(plan->final_action));
  const Deadlines deadlines = divide(start, plan->deadlines.total);
  const pid_t feeder = plan->watchdog ? feed_watchdogs(init, deadlines.end_of_all) : 0;
  const auto mark = tell_cluster(init, *plan, deadlines.end_of_all);
  MemoryReserve reserve(init.root);
  const Work shared{init, *plan, mark ? &*mark : nullptr, reserve};
  std::vector<StepTime> steps;
  if (capture_under_supervision(shared, deadlines, steps) != CaptureEnd::kFailed) {
    return perform_final_action(plan->final_action, init.log, init.power);
  }
  reserve.release();
  leave_evidence(init.root, init.system, init.log, *plan, deadlines.end_of_all);
  run_emergency_hooks(init, *plan, deadlines.end_of_all);
  if (plan->failure_action == config::FailureAction::kShell) show_steps(init, *plan, steps);
  if (feeder > 0 && plan->failure_action == config::FailureAction::kShell) {
    ::kill(feeder, SIGTERM);
  }
  perform_failure_action(plan->failure_action, plan->final_action, init.log, init.power);
}

}  // namespace kdump::agent
