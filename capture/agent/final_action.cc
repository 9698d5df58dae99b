// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/final_action.h"

namespace kdump::agent {
namespace {

// Shutting many devices down in order takes its time on large machines.
constexpr std::chrono::seconds kShutDownPatience{60};

}  // namespace

void perform_final_action(config::FinalAction action, AgentLog& log, Power& power) {
  log.info("final action: {}", config::to_string(action));
  const auto status = power.shut_down(action, kShutDownPatience);
  if (!status) {
    log.error("{}", status.error().message);
  } else {
    log.error(
        "the {} did not happen within {} s", config::to_string(action), kShutDownPatience.count());
  }
  // A machine that was asked to halt stands still as it is; a reset would restart it.
  if (action != config::FinalAction::kHalt) {
    log.info("resetting the machine");
    if (const auto reset = power.reset(); !reset) log.error("{}", reset.error().message);
  }
  power.stay();
}

void perform_failure_action(config::FailureAction action,
                            config::FinalAction after_failure,
                            AgentLog& log,
                            Power& power) {
  log.info("failure action: {}", config::to_string(action));
  switch (action) {
    case config::FailureAction::kReboot:
      return perform_final_action(config::FinalAction::kReboot, log, power);
    case config::FailureAction::kHalt:
      return perform_final_action(config::FinalAction::kHalt, log, power);
    case config::FailureAction::kPoweroff:
      return perform_final_action(config::FinalAction::kPoweroff, log, power);
    case config::FailureAction::kDumpToRootfs:
      // It was the last of the targets, and the worker has said what became of it.
      return perform_final_action(after_failure, log, power);
    case config::FailureAction::kShell:
      log.info("starting a shell on the console; leave it with 'exit' to {}",
               config::to_string(after_failure));
      if (const auto status = power.shell(); !status) {
        log.error("{}; rebooting instead", status.error().message);
        return perform_final_action(config::FinalAction::kReboot, log, power);
      }
      return perform_final_action(after_failure, log, power);
  }
}

}  // namespace kdump::agent
