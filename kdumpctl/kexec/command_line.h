// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::kexec {

/// The parameters of a kernel command line: split at blanks outside double quotes, as
/// lib/cmdline.c (next_arg) does.
[[nodiscard]] std::vector<std::string_view> split_parameters(std::string_view command_line);

/// A command line without kexec.serial=, and the I/O port that it names (ttyS0 to ttyS3 have those
/// of every PC). kUsage for a value that is no port.
struct SerialWish {
  std::string command_line;
  std::optional<std::uint16_t> port;
};
Result<SerialWish> take_serial_wish(std::string_view command_line);

/// kUsage for a text that the loader must not pass on: NUL or newline inside, an unbalanced quote,
/// or an elfcorehdr= of its own, which would hide the dead kernel's memory.
Status check_parameters(std::string_view command_line);

/// kUsage when `command_line` is longer than `limit` bytes; names the longest parameters.
Status check_length(std::string_view command_line,
                    std::uint64_t limit,
                    const std::string& kernel_path);

}  // namespace kdump::kexec
