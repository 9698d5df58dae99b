// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/settled.h"

#include "capture/agent/busy_drivers.h"

#include <algorithm>

namespace kdump::agent {
namespace {

constexpr std::chrono::seconds kSilence{15};

}  // namespace

bool is_given_up(const CaptureContext& context, Deadline start, Deadline deadline) {
  const Deadline now = context.system.now();
  if (now >= deadline) return true;
  const Deadline last = std::max(context.system.last_device_event(), start);
  return is_followed(context) && now - last >= kSilence && !drivers_are_busy(context.root);
}

}  // namespace kdump::agent
