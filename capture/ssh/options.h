// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/ssh/session.h"

#include <string>
#include <vector>

namespace kdump::ssh {

struct Invocation {
  enum class Action {
    kMakeFolders,   ///< mkdir PATH: and says how much room is there
    kPut,           ///< put FILE PATH
    kRun,           ///< run PATH COMMAND...: what the command writes is the file
    kRunFlattened,  ///< run-flattened PATH COMMAND...: likewise a stream of records of the file
    kHelp,
    kVersion
  };
  Action action = Action::kHelp;
  Destination destination;
  std::string path;                  ///< on the server
  std::string file;                  ///< here
  std::vector<std::string> command;  ///< its argv
};

/// `arguments` without the program's name.
Result<Invocation> parse_options(const std::vector<std::string>& arguments);

[[nodiscard]] std::string help_text();

}  // namespace kdump::ssh
