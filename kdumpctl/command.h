// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"
#include "kdumpctl/service_lock.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl {

/// One verb of the command line.
struct Command {
  const char* name;
  const char* summary;
  bool changes_state;  ///< needs root and the lock
  Result<int> (*run)(const Context& context);
  bool takes_arguments = false;  ///< all words behind it are its own: Context::arguments
  bool hidden = false;           ///< for package scripts; no help speaks of it
};

[[nodiscard]] std::span<const Command> all_commands();

/// The whole program: arguments (with the program's name in front) to exit code.
Result<int> run_kdumpctl(const std::vector<std::string>& arguments);

/// kUsage on the running host for anybody but root.
Status check_is_root(const Context& context, std::string_view verb);

/// Root and the lock, which every change of what is loaded needs.
Result<ServiceLock> take_service_lock(const Context& context, std::string_view verb);

/// Takes the lock where the verb needs it, and runs it.
Result<int> run_command(const Command& command, const Context& context);

}  // namespace kdump::ctl
