// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "capture/verify.h"

#include <string>
#include <vector>

namespace kdump::capture {

/// `kdump-collect verify`: the arguments behind that word in, exit code out. Errors of use are
/// printed, others returned.
Result<int> run_verify(const std::vector<std::string>& arguments, const Log& log);

/// What was found, for people: the verdict on the first line, then the faults.
[[nodiscard]] std::string verify_text(const std::string& path, const VerifyReport& report);

}  // namespace kdump::capture
