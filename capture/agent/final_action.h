// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "capture/agent/agent_log.h"
#include "config/kdump_config.h"

#include <chrono>

namespace kdump::agent {

/// The ways out of the capture kernel. What the real one does successfully does not return.
class Power {
 public:
  Power() = default;
  Power(const Power&) = delete;
  Power& operator=(const Power&) = delete;
  virtual ~Power() = default;

  /// reboot(2), in a process that may get stuck: the kernel shuts devices down first, and a sick
  /// one can block that for ever. Returns when the machine still runs after `patience`, or with the
  /// error.
  virtual Status shut_down(config::FinalAction action, std::chrono::milliseconds patience) = 0;
  /// Resets the machine at once, without asking any device (sysrq b; without it, reboot(2)).
  virtual Status reset() = 0;
  /// Nothing is left to do: waits for ever. Init must not exit, or the kernel panics.
  virtual void stay() = 0;
  /// Runs an interactive shell on the console until it ends; kNotFound without one in the image.
  virtual Status shell() = 0;
};

/// Ends the capture: logs "final action: reboot" and does it; a reboot or power-off that does not
/// happen within a minute becomes a reset.
void perform_final_action(config::FinalAction action, AgentLog& log, Power& power);

/// What the administrator wants when no dump was saved. `after_failure` follows a shell that ended
/// and a dump to the root file system that failed, too.
void perform_failure_action(config::FailureAction action,
                            config::FinalAction after_failure,
                            AgentLog& log,
                            Power& power);

class LinuxPower : public Power {
 public:
  explicit LinuxPower(SysRoot root) : root_(std::move(root)) {}
  Status shut_down(config::FinalAction action, std::chrono::milliseconds patience) override;
  Status reset() override;
  void stay() override;
  Status shell() override;

 private:
  SysRoot root_;
};

}  // namespace kdump::agent
