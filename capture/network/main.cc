// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "base/text.h"
#include "base/tool_main.h"
#include "capture/network/apply_network.h"
#include "capture/network/linux_network_kernel.h"
#include "config/capture_plan.h"

#include <unistd.h>

namespace kdump::network {
namespace {

constexpr std::string_view kHelp =
    "usage: kdump-network PLAN TARGET SECONDS\n"
    "Sets up the network of one target of a capture plan, counted from 0. The agent of a capture\n"
    "image starts it; on a host it has nothing to do.\n";

void say(const std::string& line) {
  // Nobody is told when the agent no longer listens.
  (void)write_all(STDOUT_FILENO, std::string_view(line + "\n"));
}

Result<int> run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[1] == "--version") {
    say("kdump-network " KDUMP_TOOLKIT_VERSION);
    return kExitOk;
  }
  const auto target = arguments.size() == 4 ? parse_unsigned(arguments[2]) : std::nullopt;
  const auto seconds = arguments.size() == 4 ? parse_unsigned(arguments[3]) : std::nullopt;
  if (!target || !seconds) {
    const bool asked = arguments.size() == 2 && arguments[1] == "--help";
    TRY(write_all(asked ? STDOUT_FILENO : STDERR_FILENO, kHelp));
    return asked ? kExitOk : kExitUsage;
  }
  const Deadline deadline = Clock::now() + std::chrono::seconds(*seconds);
  const config::CapturePlan plan =
      TRY(config::capture_plan_from_json(TRY(read_file(arguments[1]))));
  if (*target >= plan.targets.size() || !plan.targets[*target].network) {
    return make_error(ErrorKind::kUsage, "the plan has no network for target {}", *target);
  }
  LinuxNetworkKernel kernel = TRY(LinuxNetworkKernel::open(SysRoot()));
  TRY(apply_network(kernel, *plan.targets[*target].network, deadline, say));
  return kExitOk;
}

}  // namespace
}  // namespace kdump::network

int main(int argc, char** argv) {
  return kdump::tool_main("kdump-network", argc, argv, kdump::network::run);
}
