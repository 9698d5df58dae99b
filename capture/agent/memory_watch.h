// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

#include <cstdint>
#include <optional>

namespace kdump::agent {

/// How little memory was left: the minimum of MemAvailable (proc_meminfo(5)) over its samples.
class MemoryWatch {
 public:
  explicit MemoryWatch(SysRoot root) : root_(std::move(root)) {}

  void sample();
  /// KiB; nothing as long as no sample could be read.
  [[nodiscard]] std::optional<std::uint64_t> lowest_available_kib() const { return lowest_; }
  /// KiB, of this kernel as a whole.
  [[nodiscard]] std::optional<std::uint64_t> total_kib() const { return total_; }

 private:
  SysRoot root_;
  std::optional<std::uint64_t> lowest_;
  std::optional<std::uint64_t> total_;
};

/// KiB: the largest resident set of any child process that has ended (getrusage(2)).
[[nodiscard]] std::uint64_t peak_child_rss_kib();

}  // namespace kdump::agent
