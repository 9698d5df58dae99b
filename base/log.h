// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace kdump {

/// Levels as KDUMP_STDLOGLVL counts them: 0 no messages, 1 errors, 2 warnings too, 3 information
/// too, 4 everything.
enum class LogLevel { kNone = 0, kError = 1, kWarning = 2, kInfo = 3, kDebug = 4 };

/// Messages of a tool to a person: "kdump: text", "kdump: WARNING: text", one write(2) a line. Used
/// by the tools, never by the libraries under them.
class Log {
 public:
  explicit Log(std::string program, LogLevel level = LogLevel::kInfo, int fd = 2)
      : program_(std::move(program)), level_(level), fd_(fd) {}

  template <typename... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) const {
    emit(LogLevel::kError, "", fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warning(fmt::format_string<Args...> text, Args&&... args) const {
    emit(LogLevel::kWarning, "WARNING: ", fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> text, Args&&... args) const {
    emit(LogLevel::kInfo, "", fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void debug(fmt::format_string<Args...> text, Args&&... args) const {
    emit(LogLevel::kDebug, "", fmt::format(text, std::forward<Args>(args)...));
  }

  [[nodiscard]] LogLevel level() const { return level_; }

 private:
  void emit(LogLevel level, std::string_view prefix, const std::string& text) const;

  std::string program_;
  LogLevel level_;
  int fd_;
};

}  // namespace kdump
