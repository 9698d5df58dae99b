// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <cstddef>

namespace kdump::agent {

/// The turn of a target that is mounted: what is needed to reach it, its mount, kdump_pre and
/// pre.d, the dump's directory with its three files, post.d and kdump_post, and the unmount.
/// `vmcore`: whether there is one; without, only the log is left. `mount_point` as this kernel sees
/// it. Failures are logged here.
CaptureEnd save_on_file_system(const CaptureContext& context,
                               std::size_t target,
                               const Status& vmcore);

}  // namespace kdump::agent
