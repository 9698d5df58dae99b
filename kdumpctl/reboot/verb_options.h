// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/reboot/next_kernel.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl::reboot {

/// The options that say which kernel, spelled as kexec(8) spells them where it has them.
void add_kernel_options(CLI::App& app, NextKernelWishes& wishes);

/// Parses a verb's own words. True: go on; false: the help was printed. CLI11's exceptions end
/// here; kUsage for what was not understood.
Result<bool> parse_verb(CLI::App& app, const std::vector<std::string>& words);

}  // namespace kdump::ctl::reboot
