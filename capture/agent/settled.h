// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/agent/capture.h"

namespace kdump::agent {

/// Whether a device that has been waited for since `start` is waited for no longer: at the
/// deadline; and where something else is tried afterwards, as soon as the kernel has said nothing
/// of any device for a while and no driver is at work any more (busy_drivers.h).
[[nodiscard]] bool is_given_up(const CaptureContext& context, Deadline start, Deadline deadline);

}  // namespace kdump::agent
