// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/fence_plan.h"
#include "config/kdump_config.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {

/// The cluster's configuration, and the options of fence_kdump_send in it.
inline constexpr const char* kClusterConfiguration = "/var/lib/pacemaker/cib/cib.xml";
inline constexpr const char* kFenceSettings = "/etc/sysconfig/fence_kdump";

/// Who waits for this host's fence_kdump messages, by name.
struct FenceFacts {
  std::vector<std::string> nodes;  ///< the other ones; never empty
  config::PlannedFenceKdump plan;  ///< without addresses
};

/// The options of fence_kdump_send(8): -p PORT, -i INTERVAL, -c COUNT; -f and -v have no meaning
/// here. kUsage names what is wrong.
Result<config::PlannedFenceKdump> parse_fence_options(const std::vector<std::string>& words);

/// The nodes of a cluster (cib.xml), when one of its fence devices is a fence_kdump; else none.
[[nodiscard]] std::vector<std::string> fence_nodes_of_cib(std::string_view xml);

/// kdump.conf's fence_kdump_nodes, else those of the Pacemaker cluster that this host is a node of
/// (/var/lib/pacemaker/cib/cib.xml, with the options in /etc/sysconfig/fence_kdump). This host
/// itself is left out. Nothing when nobody waits.
Result<std::optional<FenceFacts>> read_fence_facts(const SysRoot& root,
                                                   const config::KdumpConfig& config);

}  // namespace kdump::mkdumprd
