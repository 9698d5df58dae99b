// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/hooks.h"

#include "capture/agent/run_into_log.h"

namespace kdump::agent {
namespace {

/// How it ended by itself; an error when it did not start or had to be killed.
Result<ExitStatus> run_hook(const config::PlannedHook& hook,
                            const std::vector<std::string>& arguments,
                            System& system,
                            AgentLog& log,
                            Deadline deadline) {
  std::vector<std::string> argv{hook.path};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  log.info("running {}", fmt::join(argv, " "));
  const auto end = run_into_log(system, log, {argv}, deadline);
  if (!end) return end.error();
  if (end->deadline_passed) {
    return make_error(ErrorKind::kTimeout, "{} did not end in time and was killed", hook.path);
  }
  return end->status;
}

Status verdict(const config::PlannedHook& hook, const Result<ExitStatus>& end) {
  if (!end) return end.error();
  if (end->success()) return {};
  return make_error(ErrorKind::kSystem, "{} failed: {}", hook.path, end->describe());
}

}  // namespace

Status run_hooks(const std::vector<config::PlannedHook>& hooks,
                 const std::vector<std::string>& arguments,
                 System& system,
                 AgentLog& log,
                 const std::function<Deadline()>& next_deadline) {
  for (const config::PlannedHook& hook : hooks) {
    const auto end = run_hook(hook, arguments, system, log, next_deadline());
    auto status = verdict(hook, end);
    if (status) continue;
    // Only an exit code of its own is a decision: a hook that hangs or crashes costs no dump.
    if (hook.decides && end && end->signal == 0) return status;
    log.warning("{}", status.error().message);
  }
  return {};
}

Status run_hooks(const CaptureContext& context,
                 const std::vector<config::PlannedHook>& hooks,
                 const std::vector<std::string>& arguments) {
  return run_hooks(hooks, arguments, context.system, context.log, [&] {
    return context.steps.begin(Step::kHook, context.plan.deadlines.hook);
  });
}

}  // namespace kdump::agent
