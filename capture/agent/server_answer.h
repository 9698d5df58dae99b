// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>
#include <vector>

namespace kdump::agent {

/// Makes and closes a TCP connection. A kSystem error's code is connect's errno, ETIMEDOUT at the
/// deadline.
Status connect_tcp(const std::string& address, unsigned port, Deadline deadline);

/// How long this target's server may take altogether: until the deadline of the mount step, and
/// less when something else is tried after it.
[[nodiscard]] Deadline server_deadline(const CaptureContext& context, Deadline step);

/// Waits until a machine answers at one of the addresses, if only to refuse: what is silent is told
/// from what is slow. kTimeout when none does in half a minute, or until the deadline where
/// nothing else is tried after it. `server` as the administrator calls it.
Status wait_for_server(const CaptureContext& context,
                       const std::string& server,
                       const std::vector<std::string>& addresses,
                       unsigned port,
                       Deadline deadline);

}  // namespace kdump::agent
