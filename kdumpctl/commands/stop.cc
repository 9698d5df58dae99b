// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/last_good.h"

namespace kdump::ctl::commands {

/// Also what systemd runs between the old and the new of a restart: the new panic kernel is loaded
/// over the old one, so that the host is never without.
Result<int> stop(const Context& context) {
  if (context.actions.stops_for_a_restart()) {
    context.log.info("The panic kernel stays loaded until the new one replaces it");
    return kExitOk;
  }
  if (const auto unloaded = context.actions.unload(); !unloaded) {
    context.log.error("{}", unloaded.error().message);
    context.log.error("kexec: failed to unload kdump kernel");
    context.log.error("Stopping kdump: [FAILED]");
    return kExitFailed;
  }
  if (const auto forgotten = forget_armed(context.root); !forgotten) {
    context.log.warning("{}", forgotten.error().message);
  }
  context.log.info("kexec: unloaded kdump kernel");
  context.log.info("Stopping kdump: [OK]");
  return kExitOk;
}

}  // namespace kdump::ctl::commands
