// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"

#include <span>
#include <string>
#include <vector>

namespace kdump::ctl {

/// One verb of the command line.
struct Command {
  const char* name;
  const char* summary;
  bool changes_state;  ///< needs root and the lock
  Result<int> (*run)(const Context& context);
};

[[nodiscard]] std::span<const Command> all_commands();

/// The whole program: arguments (with the program's name in front) to exit code.
Result<int> run_kdumpctl(const std::vector<std::string>& arguments);

/// Takes the lock where the verb needs it, and runs it.
Result<int> run_command(const Command& command, const Context& context);

}  // namespace kdump::ctl
