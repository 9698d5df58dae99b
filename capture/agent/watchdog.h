// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "capture/agent/system.h"

#include <map>
#include <string>
#include <sys/types.h>

namespace kdump::agent {

/// The hardware watchdogs that the crashed kernel has left running: /dev/watchdog0 and so on
/// (Documentation/watchdog/watchdog-api.rst). They appear when their modules have been loaded.
class Watchdogs {
 public:
  explicit Watchdogs(SysRoot root) : root_(std::move(root)) {}

  /// Opens those that have appeared and tells each that the machine is well. Returns how many.
  std::size_t feed();

 private:
  SysRoot root_;
  std::map<std::string, Fd> open_;
};

/// Forks a process that feeds them until `end`: then the machine is stuck, whatever the supervisor
/// does, and is reset by them. SIGTERM lets it go on without an end, for a person at the console.
/// Returns its pid.
Result<pid_t> start_feeding(const SysRoot& root, Deadline end);

}  // namespace kdump::agent
