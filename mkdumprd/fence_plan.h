// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/fence_plan.h"
#include "config/kdump_config.h"
#include "config/network_plan.h"
#include "mkdumprd/host_network.h"
#include "mkdumprd/module_closure.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct FencePlan {
  config::PlannedFenceKdump fence;
  config::PlannedNetwork network;   ///< that reaches every node
  std::vector<ModuleWish> modules;  ///< of its cards
};

/// Who is told that a dump is being saved, and the way to them. A node that cannot be found or
/// reached is one of the `warnings`; nothing when none is left, or nobody waits.
Result<std::optional<FencePlan>> plan_fence(const SysRoot& root,
                                            HostNetwork& network,
                                            const config::KdumpConfig& config,
                                            std::vector<std::string>& warnings);

/// What `more` has and `into` has not: interfaces by name, their addresses, and routes.
void merge_network(config::PlannedNetwork& into, const config::PlannedNetwork& more);

}  // namespace kdump::mkdumprd
