// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kdump::config {

/// What one crashkernel= asks for on a machine (Documentation/admin-guide/kdump/kdump.rst): bytes.
struct CrashkernelRequest {
  std::uint64_t size = 0;  ///< X, X@Y, X,high, or the range that this machine's memory falls in
  std::uint64_t low = 0;   ///< X,low
  std::uint64_t cma = 0;   ///< X,cma: shared with movable memory of the running kernel
  bool high = false;       ///< X,high: anywhere
  [[nodiscard]] std::uint64_t total() const { return size + low + cma; }
};

/// `value` is what stands behind crashkernel=; nothing when it cannot be understood. A list of
/// ranges in none of which `ram` (bytes, reserved memory included) lies asks for nothing: size 0.
[[nodiscard]] std::optional<CrashkernelRequest> parse_crashkernel(std::string_view value,
                                                                  std::uint64_t ram);

}  // namespace kdump::config
