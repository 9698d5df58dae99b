// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::capture {

/// The whole program: argv in, exit code out. Called as `makedumpfile`, or with that word as its
/// first argument, it takes makedumpfile's options and gives makedumpfile's exit codes. Prints what
/// there is to say, errors of use included; other errors are returned.
Result<int> run_collector(const std::vector<std::string>& arguments);

}  // namespace kdump::capture
