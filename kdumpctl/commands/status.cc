// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/armed_state.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/kexec/kexec_load.h"

namespace kdump::ctl::commands {

namespace {

/// What is loaded, as far as it is known, and whether it still is what lies on the disk.
void report_armed(const Context& context) {
  const auto state = read_armed_state(context.root);
  if (!state) {
    context.log.warning("{}", state.error().message);
    return;
  }
  if (!*state) {
    context.log.info("It was loaded by another program than kdumpctl");
    return;
  }
  const ArmedState& armed = **state;
  context.log.info(
      "Loaded: {} with {} ({})", armed.kernel.path, armed.image.path, to_string(armed.syscall));
  for (const FileRecord& file : {armed.kernel, armed.image}) {
    if (!has_changed(context.root, file)) continue;
    context.log.warning("{} has changed since it was loaded. Run \"kdumpctl reload\"", file.path);
  }
}

}  // namespace

/// For any user, without a lock: monitoring asks every minute, a rebuild included.
Result<int> status(const Context& context) {
  const auto loaded = kexec::crash_loaded(context.root);
  // A kernel without kexec has no such attribute, and nothing loaded.
  if (!loaded && loaded.error().kind != ErrorKind::kNotFound) return loaded.error();
  const bool operational = loaded && *loaded;
  context.log.info("{}", operational ? "Kdump is operational" : "Kdump is not operational");
  if (operational) report_armed(context);
  return operational ? kExitOk : kExitNotOperational;
}

}  // namespace kdump::ctl::commands
