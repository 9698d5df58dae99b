// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl::rehearsal {

/// Follows what the virtual machine says on its serial line. Pure: the caller has the clock.
class ConsoleWatch {
 public:
  using Time = std::chrono::milliseconds;  ///< since the machine was started

  /// The next bytes, read at that time. Returns what is to be told about them: one sentence when
  /// they end a stage, else "".
  std::string take(std::string_view bytes, Time now);

  [[nodiscard]] std::optional<Time> panic() const { return panic_; }
  [[nodiscard]] std::optional<Time> dmesg() const { return dmesg_; }
  [[nodiscard]] std::optional<Time> vmcore() const { return vmcore_; }
  /// What the agent calls errors; at most 5.
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
  /// The last lines, at most 20 of at most 500 bytes, the oldest first.
  [[nodiscard]] const std::deque<std::string>& tail() const { return tail_; }

 private:
  std::string take_line(Time now);

  std::string line_;
  std::vector<std::string> errors_;
  std::deque<std::string> tail_;
  std::optional<Time> panic_, dmesg_, vmcore_;
};

}  // namespace kdump::ctl::rehearsal
