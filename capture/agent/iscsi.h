// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>
#include <vector>

namespace kdump::agent {

/// iscsistart's words for this session. I/O on a connection that breaks fails after a few seconds:
/// no daemon is here to make a new one.
[[nodiscard]] std::vector<std::string> iscsi_command(const config::PlannedIscsi& session);

/// Logs in to the target, again and again until the deadline; a session that is there already, of a
/// target before, is enough. The disks appear afterwards.
Status log_in_to_iscsi(const CaptureContext& context,
                       const config::PlannedIscsi& session,
                       Deadline deadline);

}  // namespace kdump::agent
