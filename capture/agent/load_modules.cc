// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/load_modules.h"

#include "capture/agent/module_options.h"

#include <algorithm>

namespace kdump::agent {
namespace {

// How long the others wait for one module.
constexpr std::chrono::seconds kModulePatience{10};

}  // namespace

void load_modules(const CaptureContext& context,
                  const std::vector<config::PlannedModule>& modules) {
  if (modules.empty()) return;
  const Deadline deadline = context.steps.begin(Step::kModules, context.plan.deadlines.device);
  const std::string command_line = context.root.read("/proc/cmdline").value_or("");
  std::size_t loaded = 0;
  for (config::PlannedModule module : modules) {
    module.options = module_options(module, command_line);
    const Deadline now = context.system.now();
    if (now >= deadline) {
      context.log.warning("no time left to load {} and what follows it", module.path);
      break;
    }
    const auto status =
        context.system.load_module(module, std::min(now + kModulePatience, deadline));
    if (status) {
      ++loaded;
    } else if (status.error().kind == ErrorKind::kTimeout) {
      context.log.warning("{} is still loading; going on without it", module.path);
    } else {
      context.log.warning("{}", status.error().message);
    }
  }
  context.log.info("loaded {} of {} kernel modules", loaded, modules.size());
  context.memory.sample();
}

}  // namespace kdump::agent
