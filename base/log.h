// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kdump {

/// Levels as KDUMP_STDLOGLVL counts them: 0 no messages, 1 errors, 2 warnings too, 3 information
/// too, 4 everything.
enum class LogLevel { kNone = 0, kError = 1, kWarning = 2, kInfo = 3, kDebug = 4 };

/// Messages of a tool to a person: "kdump: text", "kdump: WARNING: text", one write(2) a line. Used
/// by the tools, never by the libraries under them.
class Log {
 public:
  /// Another place for messages up to `level`; a line comes without a newline.
  struct Sink {
    LogLevel level = LogLevel::kNone;
    std::function<void(LogLevel level, const std::string& line)> write;
  };

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

  /// What goes to the descriptor.
  [[nodiscard]] LogLevel level() const { return level_; }
  void add(Sink sink) { sinks_.push_back(std::move(sink)); }

 private:
  void emit(LogLevel level, std::string_view prefix, const std::string& text) const;

  std::string program_;
  LogLevel level_;
  int fd_;
  std::vector<Sink> sinks_;
};

}  // namespace kdump
