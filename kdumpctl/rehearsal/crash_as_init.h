// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"

namespace kdump::ctl::rehearsal {

/// PID 1 of the virtual machine: mounts /proc, /sys and /dev, loads the panic kernel of its orders
/// and crashes. Comes back only with an error.
Status crash_as_init(const Context& context);

}  // namespace kdump::ctl::rehearsal
