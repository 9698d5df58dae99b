// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/progress_mark.h"
#include "capture/agent/system.h"
#include "config/fence_plan.h"

#include <array>
#include <cstddef>
#include <sys/types.h>

namespace kdump::agent {

/// What fence_kdump waits for: a magic number and a version, 1, of four bytes each, in the order of
/// the sender's processor (fence_kdump(8) of the fence-agents; oVirt's listener documents the same
/// bytes).
[[nodiscard]] std::array<std::byte, 8> heartbeat_message();

/// Forks a process that sends the message to each address, at once and every `interval` seconds, as
/// long as `mark` says that the capture is alive: a capture that hangs is no reason not to fence.
/// What cannot be sent (the network is not up yet) is not repeated before the next time. Ends at
/// `end`. Returns its pid.
Result<pid_t> start_heartbeat(const config::PlannedFenceKdump& plan,
                              const ProgressMark& mark,
                              Deadline end);

}  // namespace kdump::agent
