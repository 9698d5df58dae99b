// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/kexec/kexec_load.h"

namespace kdump::ctl::commands {

/// For any user, without a lock: monitoring asks every minute, a rebuild included.
Result<int> status(const Context& context) {
  const auto loaded = kexec::crash_loaded(context.root);
  // A kernel without kexec has no such attribute, and nothing loaded.
  if (!loaded && loaded.error().kind != ErrorKind::kNotFound) return loaded.error();
  const bool operational = loaded && *loaded;
  context.log.info("{}", operational ? "Kdump is operational" : "Kdump is not operational");
  return operational ? kExitOk : kExitNotOperational;
}

}  // namespace kdump::ctl::commands
