// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace kdump {

/// What went wrong, coarsely: enough for a caller to choose between degrading, retrying and giving
/// up.
enum class ErrorKind {
  kSystem,       ///< a system call failed; `code` holds its errno
  kBadData,      ///< a file or an image does not have the form it must have
  kUnreadable,   ///< memory or a file range that exists but cannot be read (poisoned page, hole)
  kNotFound,     ///< something named is absent
  kUnsupported,  ///< well formed, but nothing here can handle it
  kUsage,        ///< the caller (a person, a configuration file) asked for something impossible
  kTimeout,      ///< a deadline passed
  kMismatch,     ///< two things that must belong together do not: a dump and a vmlinux
};

/// A failure as data: libraries return it, tools print it once.
struct Error {
  ErrorKind kind = ErrorKind::kSystem;
  int code =
      0;  ///< errno for kSystem, else 0 (or the errno that led to the kind, when there was one)
  std::string message;

  /// "context: message", for the way up the call chain.
  [[nodiscard]] Error with_context(const std::string& context) && {
    message = context + ": " + message;
    return std::move(*this);
  }
};

/// `fmt::format` with a kind in front: make_error(ErrorKind::kBadData, "{}: too short", path).
template <typename... Args>
[[nodiscard]] Error make_error(ErrorKind kind, fmt::format_string<Args...> text, Args&&... args) {
  return Error{kind, 0, fmt::format(text, std::forward<Args>(args)...)};
}

/// An errno and what was being done: system_error(errno, "open {}", path) -> "open /x: No such file
/// or directory". ENOENT becomes kNotFound, ETIMEDOUT kTimeout, EIO, EFAULT and EHWPOISON
/// kUnreadable; all others are kSystem.
[[nodiscard]] Error system_error_text(int code, const std::string& doing);

template <typename... Args>
[[nodiscard]] Error system_error(int code, fmt::format_string<Args...> text, Args&&... args) {
  return system_error_text(code, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace kdump
