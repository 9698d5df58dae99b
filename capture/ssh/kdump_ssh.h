// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::ssh {

/// The program. `arguments` with its name in front.
Result<int> run_kdump_ssh(const std::vector<std::string>& arguments);

}  // namespace kdump::ssh
