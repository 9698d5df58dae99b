// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/look_back.h"
#include "kdumpctl/raw_import.h"
#include "kdumpctl/settings.h"

namespace kdump::ctl::commands {

/// What start does first, by hand.
Result<int> import(const Context& context) {
  const Settings settings = TRY(load_settings(context.root, context.log));
  const auto folder = TRY(import_raw_dump(context, settings.config));
  if (folder) {
    context.log.info("saved vmcore to {}", *folder);
  }
  if (!fetch_failures(context, settings.config) && !folder) {
    context.log.info("there is no dump to fetch");
  }
  return kExitOk;
}

}  // namespace kdump::ctl::commands
