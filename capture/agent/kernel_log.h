// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace kdump::agent {

/// One record of /dev/kmsg ("6,339,5140900,-;text\n KEY=value\n",
/// Documentation/ABI/testing/dev-kmsg) as dmesg shows it: "[    5.140900] text". Nothing for what
/// is not a record. Escaped bytes (\xNN) stay escaped.
[[nodiscard]] std::optional<std::string> format_kernel_record(std::string_view record);

/// Calls `message` for every record that `fd` gives: /dev/kmsg, opened non-blocking, one record a
/// read. Records that are overwritten meanwhile are skipped.
Status read_kernel_records(int fd, const std::function<void(std::string_view)>& message);

/// Whether a formatted message says that the out-of-memory killer killed this process
/// (mm/oom_kill.c, __oom_kill_process(): "... Killed process PID (NAME) ...").
[[nodiscard]] bool is_oom_kill_of(std::string_view message, pid_t pid);

/// The name of the process that such a message is about; nothing for another message.
[[nodiscard]] std::optional<std::string> oom_victim(std::string_view message);

}  // namespace kdump::agent
