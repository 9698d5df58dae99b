// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/mount_table.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/host_network.h"
#include "mkdumprd/network_plan.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct NfsPlan {
  config::PlannedNfs nfs;
  NetworkPlan network;
  std::vector<ModuleWish> modules;  ///< of the file system; the network's are its own
  std::vector<std::string> warnings;
};

/// The export on which a path lies, when that is a mount of NFS, and the path from its top.
struct NfsPath {
  config::NfsTarget target;
  std::string path;
};

/// Nothing when the mount is of another kind.
[[nodiscard]] std::optional<NfsPath> nfs_path_of(const MountPoint& mount,
                                                 const std::string& host_path);

/// What a dump path is that a mounted export lacks.
enum class MissingPath { kError, kMadeByAgent };

/// An export with the way to its server. Protocol version and options are the administrator's
/// (dracut_args --mount, /etc/fstab), else those of the host's own mount of the export; without
/// one, 4.2, 4.1, 4.0 and 3 are tried. Timeouts are bounded unless the administrator sets them: a
/// server that stops answering makes the collector fail, so that the next target gets its turn.
/// kUnsupported for Kerberos and RDMA, kUsage for an export that is mounted read-only or, with
/// MissingPath::kError, lacks the dump path.
Result<NfsPlan> plan_nfs(const SysRoot& root,
                         const MountTable& mounts,
                         HostNetwork& network,
                         const config::NfsTarget& target,
                         const std::string& path,
                         MissingPath missing = MissingPath::kError);

}  // namespace kdump::mkdumprd
