// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/system.h"

#include <functional>
#include <string>

namespace kdump::agent {

/// What becomes of the child when its time is up. A process that is stuck in the kernel (D state)
/// survives either until its call returns; nobody waits for it.
enum class Overdue { kKill, kLeaveRunning };

/// Runs `work` in a forked child and returns what it returned (at most 4 MiB), or kTimeout at the
/// deadline: for system calls that a sick device can block for ever. The work shares no memory with
/// the caller, but mounts, modules and files are the same. `doing` names the work in errors. The
/// caller must have one thread only.
Result<std::string> call_bounded(const std::string& doing,
                                 const std::function<Result<std::string>()>& work,
                                 Deadline deadline,
                                 Overdue overdue);

}  // namespace kdump::agent
