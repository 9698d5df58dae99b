// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <cstdint>

namespace kdump::capture {

inline constexpr unsigned kMaxThreads = 256;

/// How many threads a capture takes when nothing is said: one for each CPU this process may run on,
/// but no more than fit, with 2 MiB each, into a quarter of the memory that /proc/meminfo says is
/// available. At least one. A capture kernel with all CPUs and little memory must not run out of
/// it.
[[nodiscard]] unsigned default_threads(const SysRoot& root);

/// How many threads keep a capture within `memory` bytes: 8 MiB, 2 MiB for each thread, and what
/// grows with the machine and its dump (`indexes`, bytes) beyond 1 MiB. kUsage: not even one.
Result<unsigned> threads_within(std::uint64_t memory, std::uint64_t indexes = 0);

}  // namespace kdump::capture
