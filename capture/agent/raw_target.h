// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

namespace kdump::agent {

/// A raw device's turn: kdump_pre and pre.d, the vmcore as a stream from its first byte on, post.d
/// and kdump_post. There is no place for other files; `kdumpctl start` makes files of it on the
/// next boot. `target`: its index in the plan. A device that carries a file system or part of a
/// volume is not touched.
CaptureEnd save_on_raw_device(const CaptureContext& context,
                              std::size_t target,
                              const Status& vmcore);

}  // namespace kdump::agent
