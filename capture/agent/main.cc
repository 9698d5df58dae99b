// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "base/tool_main.h"
#include "capture/agent/agent.h"
#include "capture/agent/init_environment.h"
#include "capture/agent/linux_system.h"

#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::string_view kHelp =
    "usage: kdump-agent [--help|--version]\n"
    "The first process (/init) of a capture kernel: saves the crashed kernel's memory as the plan "
    "in\n"
    "its image says. mkdumprd puts it there; on a host it does nothing. See kdump-agent(8).\n";

Result<int> answer_on_host(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[1] == "--version") {
    TRY(write_all(STDOUT_FILENO, "kdump-agent " KDUMP_TOOLKIT_VERSION "\n"));
    return kExitOk;
  }
  const bool asked = arguments.size() == 2 && arguments[1] == "--help";
  TRY(write_all(asked ? STDOUT_FILENO : STDERR_FILENO, kHelp));
  return asked ? kExitOk : kExitUsage;
}

Result<int> run(const std::vector<std::string>& arguments) {
  if (::getpid() != 1) return answer_on_host(arguments);
  const SysRoot root;
  claim_process();
  const auto failures = mount_kernel_file_systems(root);
  AgentLog log = open_log(root);
  for (const Error& failure : failures) log.warning("{}", failure.message);
  if (const auto status = restart_on_panic(root); !status) {
    log.warning("{}", status.error().message);
  }
  if (const auto status = outlive_hung_tasks(root); !status) {
    log.warning("{}", status.error().message);
  }
  if (const auto status = correct_local_clock(root); !status) {
    log.warning("{}", status.error().message);
  }
  LinuxSystem system(root);
  if (const auto status = system.listen_to_device_events(); !status) {
    log.warning("{}; polling instead", status.error().message);
  }
  LinuxPower power(root);
  run_as_init({root, system, power, log});
  return kExitFailed;
}

}  // namespace
}  // namespace kdump::agent

int main(int argc, char** argv) {
  const int code = kdump::tool_main("kdump-agent", argc, argv, kdump::agent::run);
  if (::getpid() == 1) {
    // Something went wrong that nothing foresaw, and init must not exit.
    kdump::agent::LinuxPower power{kdump::SysRoot()};
    (void)power.reset();  // nobody is left to be told
    power.stay();
  }
  return code;
}
