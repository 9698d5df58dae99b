// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/agent/capture.h"

namespace kdump::agent {

/// Loads the planned modules in their order. One that fails is a warning: whether what matters is
/// there, the wait for the device decides. A driver that takes long to start is left starting and
/// the next one is loaded; the kernel itself makes a module wait for one it depends on.
void load_modules(const CaptureContext& context, const std::vector<config::PlannedModule>& modules);

}  // namespace kdump::agent
