// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/mount_table.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/host_network.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/module_closure.h"
#include "mkdumprd/name_service.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// One dump target with what the image needs for it.
struct DumpTargetPlan {
  config::PlannedTarget target;  ///< its modules are still to be filled in
  ModuleClosure modules;
  std::vector<KnownHost> hosts;      ///< whose names were resolved
  std::vector<PlacedFile> files;     ///< keys
  std::vector<MadeFile> made_files;  ///< what belongs to them
  std::vector<std::string> sources;  ///< files of the host that decided about those
};

struct DumpTargets {
  std::vector<DumpTargetPlan> plans;    ///< in the order in which they are tried
  std::optional<DumpTargetPlan> spill;  ///< spill_device, a PlannedRaw
  std::uint64_t spill_size = 0;         ///< bytes of it that may be used
  std::vector<std::string> warnings;
};

/// The configured target, then each fallback_target, then for failure_action dump_to_rootfs the
/// root file system, unless it is the target already. A configured one that cannot be used is an
/// error, and so is such a spill_device; a root file system that cannot is a warning. `network` is
/// asked only for targets that are reached over one.
Result<DumpTargets> plan_dump_targets(const SysRoot& root,
                                      const MountTable& mounts,
                                      const KernelFacts& kernel,
                                      HostNetwork& network,
                                      const config::KdumpConfig& config);

}  // namespace kdump::mkdumprd
