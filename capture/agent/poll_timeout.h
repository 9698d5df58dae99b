// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/agent/system.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace kdump::agent {

/// Milliseconds for poll(2) until the deadline: at least 0, at most an hour (callers loop).
[[nodiscard]] inline int poll_timeout(Deadline deadline) {
  constexpr std::int64_t kHour = 3'600'000;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, kHour));
}

}  // namespace kdump::agent
