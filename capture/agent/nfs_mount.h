// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>

namespace kdump::agent {

/// mount(2)'s arguments for one address of the server and one version of the protocol. All other
/// requests go to the same address; no lock manager runs in a capture kernel.
[[nodiscard]] config::PlannedFileSystem nfs_mount_of(const config::PlannedNfs& nfs,
                                                     const std::string& address,
                                                     const std::string& version);

/// Mounts the export on `mount_point` (as this kernel sees it): each address with each version,
/// again and again until the plan's deadline for mounts, unless every answer was a refusal that
/// will stay one. The error says what each address answered.
Status mount_nfs(const CaptureContext& context,
                 const config::PlannedNfs& nfs,
                 const std::string& mount_point);

}  // namespace kdump::agent
