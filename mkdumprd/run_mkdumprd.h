// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// The whole tool behind main(): command line -> exit code. Messages go to standard error, listings
/// and help to standard output.
Result<int> run_mkdumprd(const std::vector<std::string>& arguments);

}  // namespace kdump::mkdumprd
