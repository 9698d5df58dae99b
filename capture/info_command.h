// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::capture {

/// `kdump-collect info`: the arguments behind that word in, exit code out. Errors of use are
/// printed, others returned.
Result<int> run_info(const std::vector<std::string>& arguments, const Log& log);

}  // namespace kdump::capture
