// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>

namespace kdump::agent {

/// The names of disks change and partitions are made anew: a device that carries a file system,
/// part of a volume or partitions is somebody's data and is not overwritten (kUsage, with a
/// remedy). `what` it is meant for: "raw dump target".
Status check_free(const CaptureContext& context,
                  const std::string& what,
                  const std::string& device);

}  // namespace kdump::agent
