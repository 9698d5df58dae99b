// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::kexec {

/// The parameters of a kernel command line: split at blanks outside double quotes, as
/// lib/cmdline.c (next_arg) does.
[[nodiscard]] std::vector<std::string_view> split_parameters(std::string_view command_line);

/// kUsage for a text that the loader must not pass on: NUL or newline inside, an unbalanced quote,
/// or an elfcorehdr= of its own, which would hide the dead kernel's memory.
Status check_parameters(std::string_view command_line);

/// kUsage when `command_line` is longer than `limit` bytes; names the longest parameters.
Status check_length(std::string_view command_line,
                    std::uint64_t limit,
                    const std::string& kernel_path);

}  // namespace kdump::kexec
