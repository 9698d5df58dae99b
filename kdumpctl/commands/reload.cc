// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/arming.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/kexec/kexec_load.h"

namespace kdump::ctl::commands {

/// Loads the image that is there again, for a changed memory map or command line.
Result<int> reload(const Context& context) {
  const auto settings = check_host_and_settings(context);
  if (!settings) return start_without_settings(context, settings.error());
  if (!TRY(kexec::crash_loaded(context.root))) {
    context.log.warning("Kdump was not running: [WARNING]");
  }
  return arm(context, *settings, ImagePolicy::kAsItIs);
}

}  // namespace kdump::ctl::commands
