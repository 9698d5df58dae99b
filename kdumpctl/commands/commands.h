// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"

/// The verbs of kdumpctl, one a file; each returns its exit code. Messages and codes are
/// kdump-utils' (other tools read them).
namespace kdump::ctl::commands {

Result<int> start(const Context& context);
Result<int> stop(const Context& context);
Result<int> restart(const Context& context);
Result<int> reload(const Context& context);
Result<int> status(const Context& context);
Result<int> rebuild(const Context& context);
Result<int> plan(const Context& context);
Result<int> propagate(const Context& context);
Result<int> get_default_crashkernel(const Context& context);
Result<int> import(const Context& context);
Result<int> showmem(const Context& context);
Result<int> estimate(const Context& context);
Result<int> reset_crashkernel(const Context& context);
Result<int> reset_crashkernel_after_update(const Context& context);
Result<int> reset_crashkernel_for_installed_kernel(const Context& context);
Result<int> setup_crypttab(const Context& context);
Result<int> import_config(const Context& context);
Result<int> config(const Context& context);
Result<int> verify(const Context& context);
Result<int> list(const Context& context);
Result<int> last(const Context& context);
Result<int> test(const Context& context);
Result<int> early_copy(const Context& context);
Result<int> early_load(const Context& context);
Result<int> crash_as_init(const Context& context);
Result<int> kexec(const Context& context);
Result<int> fast_reboot(const Context& context);
Result<int> cold_reboot(const Context& context);

}  // namespace kdump::ctl::commands
