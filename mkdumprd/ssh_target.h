// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/host_network.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/network_plan.h"

#include <cstddef>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct SshPlan {
  config::PlannedSsh ssh;
  NetworkPlan network;
  std::vector<PlacedFile> files;     ///< the private key
  std::vector<MadeFile> made_files;  ///< the server's keys
  std::vector<std::string> sources;  ///< files of the host that decided about them
};

/// An SSH server with the way to it, the key that opens it and the keys that it must show, as this
/// host's root reaches it (ssh_config(5), known_hosts). `number` tells the targets of an image
/// apart. kUsage: the key or the server's key is of no use, with what to do.
Result<SshPlan> plan_ssh(const SysRoot& root,
                         HostNetwork& network,
                         const config::SshTarget& target,
                         const config::KdumpConfig& config,
                         std::size_t number);

}  // namespace kdump::mkdumprd
