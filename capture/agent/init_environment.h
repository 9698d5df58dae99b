// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "capture/agent/agent_log.h"

#include <ctime>
#include <vector>

namespace kdump::agent {

/// Descriptors 0 to 2 are open from here on, whatever the kernel left them as, so that no other
/// file ever gets their numbers. The mask makes every file of ours private; a reader that went away
/// is an error of write(2), not a signal.
void claim_process();

/// Mounts /proc, /sys, /dev, /run and /tmp where they are not mounted. Returns what did not work;
/// init goes on with what it has.
std::vector<Error> mount_kernel_file_systems(const SysRoot& root);

/// The log on /dev/console, which may be absent or broken, with its record in
/// /run/kdump-agent.log. Standard output and error become the console, standard input /dev/null.
AgentLog open_log(const SysRoot& root);

/// A panic of the capture kernel must not leave the machine standing: it restarts after ten seconds
/// unless panic= on the command line says otherwise.
Status restart_on_panic(const SysRoot& root);

/// A program that waits for a dead disk or server must not panic this kernel (hung_task_panic): it
/// is left behind, and the next target is tried.
Status outlive_hung_tasks(const SysRoot& root);

/// What the time is when the clock says `seconds` although it was read as UTC and keeps local time
/// (that of the TZ in force).
[[nodiscard]] std::time_t utc_of_local_clock(std::time_t seconds);

/// The kernel takes the hardware clock for UTC. Where the image's /etc/adjtime (hwclock(8)) says
/// that it keeps local time, the time is set right. An absent file means UTC.
Status correct_local_clock(const SysRoot& root);

}  // namespace kdump::agent
