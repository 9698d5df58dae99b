// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace kdump::agent {

/// The agent's messages: "[   12.345678] kdump-agent: text" on the console, stamped with the
/// seconds since boot as the kernel's own are, and in a bounded record in memory for
/// kexec-dmesg.log. The supervisor and the processes it forks share both. Never blocks for long: a
/// console that does not take a line within a second loses it. May be without a console, a record,
/// or both.
class AgentLog {
 public:
  /// What programs print may fill the record up to the first limit; the rest is for the agent's own
  /// messages, so that the reason of a failure is always kept.
  static constexpr std::size_t kProgramLimit = std::size_t{192} << 10U;
  static constexpr std::size_t kRecordLimit = std::size_t{256} << 10U;

  /// `console` should be non-blocking, `record` opened with O_APPEND. Invalid ones are done
  /// without.
  AgentLog(Fd console, Fd record) : console_(std::move(console)), record_(std::move(record)) {}

  template <typename... Args>
  void info(fmt::format_string<Args...> text, Args&&... args) {
    emit("", fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warning(fmt::format_string<Args...> text, Args&&... args) {
    emit("WARNING: ", fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) {
    emit("ERROR: ", fmt::format(text, std::forward<Args>(args)...));
  }

  /// What a program printed: to the console as it is, whole lines to the record. Of a line that
  /// overwrites itself with carriage returns (progress) the record keeps the last state.
  void program_output(std::string_view bytes);
  /// The program has ended: what it printed since its last newline is a line now.
  void end_program_output();

  /// The record so far, oldest first.
  [[nodiscard]] Result<std::string> recorded() const;

 private:
  void emit(std::string_view severity, const std::string& text);
  void to_console(std::string_view bytes);
  void to_record(std::string_view line, std::size_t limit);

  Fd console_;
  Fd record_;
  std::string program_line_;  // the program's unfinished line, bounded
  bool console_line_open_ = false;
  bool console_stalled_ = false;
};

}  // namespace kdump::agent
