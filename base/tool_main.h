// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump {

/// The one wrapper around every tool's work: turns argv into strings, runs `run`, prints an Error
/// once as "PROGRAM: message", and catches what the standard library throws (bad_alloc). Returns
/// the exit code.
int tool_main(std::string_view program,
              int argc,
              char** argv,
              Result<int> (*run)(const std::vector<std::string>& arguments));

}  // namespace kdump
