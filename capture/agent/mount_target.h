// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>

namespace kdump::agent {

/// Whether the same mount(2) may succeed a moment later.
[[nodiscard]] bool is_transient_mount_error(const Error& error);

/// As this kernel sees it.
Status make_mount_point(const std::string& mount_point);
/// A kernel that finds damage mounts read-only instead.
Status check_writable(const std::string& mount_point);

/// Mounts `source` on `mount_point` (as this kernel sees it), writable. The kernel replays a dirty
/// journal. Errors say what to do about them.
Status mount_target(const CaptureContext& context,
                    const config::PlannedFileSystem& place,
                    const std::string& source,
                    const std::string& mount_point);

}  // namespace kdump::agent
