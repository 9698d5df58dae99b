// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>

namespace kdump::agent {

/// Whether the same mount(2) may succeed a moment later.
[[nodiscard]] bool is_transient_mount_error(const Error& error);

/// Mounts the target on kMountPoint, writable. The kernel replays a dirty journal. Errors say what
/// to do about them.
Status mount_target(const CaptureContext& context, const std::string& device);

}  // namespace kdump::agent
