// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/agent_log.h"
#include "capture/agent/system.h"

#include <string>

namespace kdump::agent {

/// Writes kexec-dmesg.log into the dump directory: the agent's record, then this kernel's messages.
/// Mode 0600, on the disk. It may be written again later; disk space for what it may grow by is
/// reserved, so that a dump which fills the disk up does not keep out the reason of its failure. It
/// is evidence: what could be written stays even when it is not all.
Status save_capture_log(const std::string& directory, const AgentLog& log, System& system);

}  // namespace kdump::agent
