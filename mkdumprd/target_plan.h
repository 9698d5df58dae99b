// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/target_facts.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct TargetPlan {
  config::PlannedFileSystem place;
  std::vector<std::string> warnings;
};

/// Facts -> what the agent mounts and where it saves. Pure. Refuses with kUsage what the
/// administrator can repair (read-only, wrong type, no such path) and with kUnsupported what needs
/// more than modules to come up.
Result<TargetPlan> plan_target(const config::KdumpConfig& config, const TargetFacts& facts);

}  // namespace kdump::mkdumprd
