// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/log.h"

namespace kdump::ctl {

/// Messages up to `level` go to syslog(3) too (KDUMP_SYSLOGLVL), as kdump-utils' under the name
/// kdump; nothing for kNone.
void add_syslog(Log& log, LogLevel level);

/// The same into the kernel's messages (KDUMP_KMSGLOGLVL), where a dump shows them; nothing for a
/// user who may not write them.
void add_kernel_log(Log& log, LogLevel level);

}  // namespace kdump::ctl
