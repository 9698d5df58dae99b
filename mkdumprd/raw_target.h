// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/target_facts.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct RawTargetPlan {
  config::PlannedRaw raw;
  std::vector<std::string> warnings;
};

/// What names a device that will be overwritten in the capture kernel: one that is mounted, used as
/// swap space or part of a volume is refused, and so is one that nothing but its name identifies,
/// since names change, or that has partitions. `name` as the subject of a message.
Result<config::PlannedDevice> plan_overwritten_device(const SysRoot& root,
                                                      const std::string& name,
                                                      const TargetFacts& facts);

/// A file system on it is a warning, as in kdump-utils; the agent will not overwrite it.
Result<RawTargetPlan> plan_raw_target(const SysRoot& root,
                                      const config::RawTarget& target,
                                      const TargetFacts& facts);

}  // namespace kdump::mkdumprd
