// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

namespace kdump::agent {

/// Whether a driver is at work on what may become a disk: a module is still being initialised, a
/// SCSI disk that was found has no block device yet (it spins up), an NVMe controller is not yet
/// ready. None of these says anything meanwhile.
[[nodiscard]] bool drivers_are_busy(const SysRoot& root);

}  // namespace kdump::agent
