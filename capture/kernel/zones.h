// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <vector>

namespace kdump::capture {

/// The zones of all nodes (include/linux/mmzone.h: struct zone), with memory or without. An error
/// says what is missing or cannot be read.
Result<std::vector<VirtAddr>> find_zones(const Vmcoreinfo& info, const KernelMemory& memory);

}  // namespace kdump::capture
