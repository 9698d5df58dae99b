// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "base/sys_root.h"

#include <chrono>

namespace kdump::ctl {

/// The host-wide lock of everything that changes kdump's state: flock(2) on /run/lock/kdump, the
/// same that kdump-utils takes. Held until destroyed; children do not inherit it.
class ServiceLock {
 public:
  /// Waits for whoever holds it, saying so, until the deadline: then kTimeout with the holder's
  /// pid.
  static Result<ServiceLock> take(const SysRoot& root,
                                  const Log& log,
                                  std::chrono::milliseconds deadline);

 private:
  explicit ServiceLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace kdump::ctl
