// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/capture_plan.h"

#include <string>
#include <string_view>

namespace kdump::agent {

/// The options of a module for finit_module(2): the planned ones, then every
/// `MODULE.PARAMETER=VALUE` of the kernel command line, as modprobe(8) passes them on. '-' and '_'
/// are equal in the module's name; words behind `--` are not the kernel's.
[[nodiscard]] std::string module_options(const config::PlannedModule& module,
                                         std::string_view kernel_command_line);

}  // namespace kdump::agent
