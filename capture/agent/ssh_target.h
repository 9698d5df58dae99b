// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/agent_log.h"
#include "capture/agent/capture.h"

#include <cstddef>
#include <string>

namespace kdump::agent {

/// The turn of an SSH server: its network, the dump's folder there, kdump_pre and pre.d, the same
/// three files as on local targets, post.d and kdump_post. kdump-ssh does it, a connection for each
/// file. The dump is `vmcore`, or `vmcore.flat` on a server without SFTP. `target`: its index in
/// the plan.
CaptureEnd save_on_ssh_server(const CaptureContext& context,
                              std::size_t target,
                              const Status& vmcore);

/// Saves kexec-dmesg.log in this folder of the server: for the worker, and in its stead.
Status save_log_on_ssh_server(const SysRoot& root,
                              System& system,
                              AgentLog& log,
                              const config::PlannedSsh& ssh,
                              const std::string& directory,
                              Deadline deadline);

}  // namespace kdump::agent
