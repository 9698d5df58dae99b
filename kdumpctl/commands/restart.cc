// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/arming.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/look_back.h"

namespace kdump::ctl::commands {

/// Not stop and start: the new panic kernel is loaded over the old one once it is known to be good,
/// so that the host is never without.
Result<int> restart(const Context& context) {
  const auto settings = check_host_and_settings(context);
  if (!settings) return start_without_settings(context, settings.error());
  look_back(context, *settings);
  return arm(context, *settings, ImagePolicy::kBuildWhenNeeded);
}

}  // namespace kdump::ctl::commands
