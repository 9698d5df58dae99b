// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"
#include "kdumpctl/reboot/reboot_actions.h"

namespace kdump::ctl::reboot {

/// `kdumpctl kexec load|unload|status|list`, and the three that kdump-fast-reboot.service calls:
/// arrive, depart, jump. Each returns its exit code.
Result<int> run_kexec(const Context& context, RebootActions& actions);

/// `kdumpctl fast-reboot`.
Result<int> run_fast_reboot(const Context& context, RebootActions& actions);

/// `kdumpctl cold-reboot`, and `coldreboot`.
Result<int> run_cold_reboot(const Context& context, RebootActions& actions);

}  // namespace kdump::ctl::reboot
