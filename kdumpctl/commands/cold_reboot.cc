// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/reboot/verbs.h"

namespace kdump::ctl::commands {

Result<int> cold_reboot(const Context& context) {
  reboot::RunningReboot actions(context.root);
  return reboot::run_cold_reboot(context, actions);
}

}  // namespace kdump::ctl::commands
