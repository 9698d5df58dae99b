// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

namespace kdump::ctl {

/// Whether this kernel can have a panic kernel at all: it knows kexec, and crashkernel= reserved
/// memory. The error is kdump-utils' message and what to do.
Status check_feasibility(const SysRoot& root);

}  // namespace kdump::ctl
