// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"
#include "kdumpctl/reboot/reboot_actions.h"

namespace kdump::ctl::reboot {

/// When this boot is complete: forgets a fast reboot that came up, and remembers one that did not.
Result<int> arrive(const Context& context);

/// When the host goes down, with all file systems still mounted. With LOAD_KEXEC=true in
/// /etc/default/kexec and a reboot under way, loads the next kernel and asks for the jump. Does
/// nothing when the host powers off, after `cold-reboot`, or beside Debian's /no-kexec-reboot. What
/// fails leaves an ordinary reboot.
Result<int> depart(const Context& context, RebootActions& actions);

/// The last step of an ordinary reboot, when the file systems are unmounted: turns it into a jump
/// if depart() asked for it.
Result<int> jump(const Context& context, RebootActions& actions);

}  // namespace kdump::ctl::reboot
