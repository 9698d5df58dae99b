// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>
#include <string_view>

namespace kdump::agent {

/// Writes the record and the crashed kernel's messages to the head of the plan's spill device,
/// which must be there and free (config/spill_area.h). Returns the device.
Result<std::string> leave_in_spill_area(const CaptureContext& context,
                                        std::string_view record,
                                        std::string_view dmesg);

}  // namespace kdump::agent
