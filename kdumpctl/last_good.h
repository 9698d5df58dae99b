// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/armed_state.h"
#include "kdumpctl/host_actions.h"

namespace kdump::ctl {

/// Remembers what has just been loaded: its record in /run, and the files themselves in
/// /var/lib/kdump/armed (as links where the file system allows it, so that they take no room while
/// they are current). A later load that fails after the kernel has freed this one can then bring it
/// back, whatever has become of the files in /boot.
Status remember_armed(const SysRoot& root, const ArmedState& state);

/// The panic kernel that was loaded and is gone is none to remember.
Status forget_armed(const SysRoot& root);

/// What must be loaded to have the remembered panic kernel again; kNotFound when it is unknown or
/// its files are lost.
Result<LoadOrder> last_good_order(const SysRoot& root);

}  // namespace kdump::ctl
