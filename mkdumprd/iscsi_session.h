// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "mkdumprd/block_device.h"
#include "mkdumprd/host_network.h"
#include "mkdumprd/network_plan.h"

#include <string>

namespace kdump::mkdumprd {

/// For a disk at `path` (in /sys/devices) that an iSCSI session of the software initiator brings:
/// the session, as the running kernel has it, and its modules. Other initiators (offload cards,
/// iSER) become the device's obstacle. False for any other disk.
bool add_iscsi_session(const SysRoot& root, const std::string& path, BlockDevice& out);

/// Adds the way to every portal among the target's volumes. Errors of plan_network().
Status add_iscsi_network(const SysRoot& root,
                         HostNetwork& network,
                         config::PlannedTarget& target,
                         std::vector<ModuleWish>& modules,
                         std::vector<std::string>& warnings);

/// Where iscsistart is on this host. kNotFound names the packages that have it.
Result<std::string> find_iscsistart(const SysRoot& root);

}  // namespace kdump::mkdumprd
