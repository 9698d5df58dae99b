// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kdump::capture {

/// One record of the kernel log as text, with its newline (see read_kernel_log).
[[nodiscard]] std::string format_log_record(std::uint64_t nanoseconds, std::string_view text);

}  // namespace kdump::capture
