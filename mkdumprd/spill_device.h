// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/target_facts.h"

#include <cstdint>

namespace kdump::mkdumprd {

struct SpillPlan {
  config::PlannedRaw raw;
  std::uint64_t size = 0;  ///< bytes at its head that may be used
};

/// A device whose head will be overwritten when a capture fails altogether: refused as a raw target
/// is, and also when it carries a file system or is too small.
Result<SpillPlan> plan_spill_device(const SysRoot& root,
                                    const config::SpillDevice& spill,
                                    const TargetFacts& facts);

}  // namespace kdump::mkdumprd
