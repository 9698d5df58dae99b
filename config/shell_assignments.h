// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/diagnostic.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

/// One `NAME=value` of a file that services read as shell, its value as the shell would have it.
struct ShellAssignment {
  std::string name;
  std::string value;      ///< quotes removed, variables of the same file expanded, += already added
  int line = 0;           ///< where the assignment begins
  bool replaces = false;  ///< an earlier assignment whose value is lost
  bool referenced = false;  ///< a later value uses it as $NAME
};

struct ShellAssignments {
  std::vector<ShellAssignment> assignments;  ///< in the order of the file
  Diagnostics diagnostics;
};

/// Reads shell assignments as data, never as a program: comments, single and double quotes,
/// backslashes, line continuation, `export`, `NAME+=value`, `$NAME` and `${NAME}` of variables
/// assigned before. Everything else that a shell would act on is an error with its line; reading
/// goes on behind it.
///
/// `before`: what a file that is read earlier by the same service has assigned; the result begins
/// with it.
[[nodiscard]] ShellAssignments parse_shell_assignments(std::string_view text,
                                                       const std::string& file,
                                                       std::vector<ShellAssignment> before = {});

}  // namespace kdump::config
