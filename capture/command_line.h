// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <functional>
#include <getopt.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture {

/// Called for each option, with its letter or number and its value ("" without one).
using OptionHandler = std::function<Status(int option, std::string_view value)>;

/// getopt_long(3) without its printing: options anywhere, the rest is returned in order. kUsage: an
/// unknown option, or one without its value; errors of the handler end the parse. `long_options`
/// ends with an all-zero row. Not for use by several threads, as getopt itself.
Result<std::vector<std::string>> parse_command_line(const std::vector<std::string>& arguments,
                                                    const std::string& letters,
                                                    std::span<const option> long_options,
                                                    const OptionHandler& handle);

}  // namespace kdump::capture
