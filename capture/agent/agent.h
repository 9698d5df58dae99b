// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "capture/agent/agent_log.h"
#include "capture/agent/final_action.h"
#include "capture/agent/system.h"

namespace kdump::agent {

/// What init works with.
struct InitContext {
  SysRoot root;
  System& system;
  Power& power;
  AgentLog& log;
};

/// The whole life of the capture kernel: reads the plan, has a worker save the dump within the
/// plan's deadlines, leaves the log, and ends in the final or the failure action, whatever happens
/// to the worker. Returns only if Power does.
void run_as_init(const InitContext& context);

}  // namespace kdump::agent
