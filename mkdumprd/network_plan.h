// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/network_plan.h"
#include "mkdumprd/host_network.h"
#include "mkdumprd/module_closure.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct NetworkPlan {
  config::PlannedNetwork network;
  std::vector<std::string> addresses;  ///< those of the server that have a route, in their order
  std::string source;                  ///< this host's own on the way to the first of them
  std::vector<ModuleWish> modules;     ///< cards with their PHYs, and what is built on them
  std::vector<std::string> warnings;
};

/// What the capture kernel has to set up to reach a server, as the host reaches it now: the
/// interfaces on the way with the stack below them (cards, VLANs, bonds, bridges), this host's
/// address on each, and a route to each of the server's addresses. An address that has no usable
/// way is a warning when another one has. kNotFound when none has a route; kUnsupported, with the
/// interface and the reason, for interfaces that need more than the kernel (team, wireless,
/// tunnels). `server` is for messages.
Result<NetworkPlan> plan_network(const SysRoot& root,
                                 HostNetwork& host,
                                 const std::string& server,
                                 const std::vector<IpAddress>& addresses);

}  // namespace kdump::mkdumprd
