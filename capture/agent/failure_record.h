// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "capture/agent/agent_log.h"
#include "capture/agent/system.h"
#include "config/capture_plan.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::agent {

/// What is left of a capture that saved nothing: when it was, of which kernel, the agent's last
/// messages, then the end of the dead kernel's; at most `limit` bytes, the messages of the dead
/// kernel being cut first.
[[nodiscard]] std::string failure_record(const std::tm& time,
                                         std::string_view kernel,
                                         std::string_view agent_messages,
                                         std::string_view dmesg,
                                         std::size_t limit);

/// Writes a record where it survives the reset: to an EFI variable and to pstore's pmsg, whichever
/// this machine has. Returns the names of the places that took it.
std::vector<std::string> keep_failure_record(const SysRoot& root, std::string_view record);

/// The last resort: the dead kernel's messages to the console, both to the plan's spill device, and
/// the record to the machine's own memory.
void leave_evidence(const SysRoot& root,
                    System& system,
                    AgentLog& log,
                    const config::CapturePlan& plan,
                    Deadline end);

}  // namespace kdump::agent
