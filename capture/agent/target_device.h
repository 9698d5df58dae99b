// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"
#include "config/capture_plan.h"

#include <string>

namespace kdump::agent {

/// Whether a device is the one the plan names. kPath compares with `device`, its node.
[[nodiscard]] bool is_planned_device(const config::PlannedDevice& planned,
                                     const std::string& device,
                                     const DeviceIdentity& identity);

/// "UUID=...", "LABEL=..." ..., or the path.
[[nodiscard]] std::string to_string(const config::PlannedDevice& planned);

/// Waits until a block device of /sys/class/block is the planned one and returns its node
/// ("/dev/vdb1"). Devices appear and become ready in any order and there is no udev: each is looked
/// at when it appears, when the kernel says that something changed, and again from time to time.
/// One that does not answer is retried with growing patience and holds up no other for long. Where
/// something else is tried afterwards, it is given up as soon as the kernel has been silent for a
/// while, no driver is at work any more and all devices have answered.
/// kTimeout says what devices there were instead.
Result<std::string> wait_for_target_device(const CaptureContext& context,
                                           const config::PlannedDevice& planned);

}  // namespace kdump::agent
