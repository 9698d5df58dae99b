// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/agent_log.h"
#include "capture/agent/capture.h"
#include "capture/agent/system.h"
#include "config/capture_plan.h"

#include <functional>
#include <string>
#include <vector>

namespace kdump::agent {

/// Runs the administrator's programs one after the other, each with `arguments` and until the
/// deadline that `next_deadline` gives for it; what they print goes to the log. One that fails, is
/// killed at its deadline or cannot be started is a warning; only the exit code of one that decides
/// is an error, and what follows it does not run.
Status run_hooks(const std::vector<config::PlannedHook>& hooks,
                 const std::vector<std::string>& arguments,
                 System& system,
                 AgentLog& log,
                 const std::function<Deadline()>& next_deadline);

/// The same in the worker: each has the plan's deadline for hooks.
Status run_hooks(const CaptureContext& context,
                 const std::vector<config::PlannedHook>& hooks,
                 const std::vector<std::string>& arguments);

}  // namespace kdump::agent
