// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/kexec/kexec_load.h"

namespace kdump::ctl::commands {

Result<int> showmem(const Context& context) {
  const auto bytes = kexec::crash_size(context.root);
  if (!bytes && bytes.error().kind == ErrorKind::kNotFound) {
    return make_error(ErrorKind::kUnsupported, "Kdump is not supported on this kernel");
  }
  if (!bytes) return bytes.error();
  context.log.info("Reserved {}MB memory for crash kernel", *bytes >> 20U);
  return kExitOk;
}

}  // namespace kdump::ctl::commands
