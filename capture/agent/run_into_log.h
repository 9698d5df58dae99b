// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/agent/agent_log.h"
#include "capture/agent/system.h"

namespace kdump::agent {

/// Runs a program as System::run does, what it prints in the log. `observer` says what else is to
/// happen meanwhile; its output is not asked for.
Result<ProgramEnd> run_into_log(System& system,
                                AgentLog& log,
                                const Program& program,
                                Deadline deadline,
                                ProgramObserver observer = {.output = {}, .tick = [] {}});

}  // namespace kdump::agent
