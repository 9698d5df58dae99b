// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <cstddef>

namespace kdump::agent {

/// What every kind of target needs first, each part only if the plan has it: its modules, its
/// network, its volumes. `target`: its index in the plan.
Status reach_target(const CaptureContext& context, std::size_t target);

}  // namespace kdump::agent
