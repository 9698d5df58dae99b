// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "mkdumprd/module_closure.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct WatchdogFacts {
  bool active = false;  ///< one runs, and would reset the machine in the middle of a dump
  std::vector<ModuleWish> wishes;  ///< the drivers of those that run
};

/// The hardware watchdogs of /sys/class/watchdog that are active. One without a device is made of
/// software and does not survive the crashed kernel.
[[nodiscard]] WatchdogFacts read_watchdogs(const SysRoot& root);

}  // namespace kdump::mkdumprd
