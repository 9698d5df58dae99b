// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/mount_table.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/target_facts.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct VirtiofsPlan {
  config::PlannedFileSystem place;
  TargetFacts facts;  ///< the drivers of the virtiofs devices, and the file system's type
  std::vector<std::string> warnings;
};

/// A share of the hypervisor, mounted by its tag. Which device has which tag is not told by every
/// kernel, so the drivers of all virtiofs devices are wanted. kNotFound when the machine has none;
/// kUsage when the share is mounted and read-only or lacks the dump path.
Result<VirtiofsPlan> plan_virtiofs(const SysRoot& root,
                                   const MountTable& mounts,
                                   const config::VirtiofsTarget& target,
                                   const std::string& path);

}  // namespace kdump::mkdumprd
