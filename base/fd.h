// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <fcntl.h>
#include <string>
#include <sys/types.h>

namespace kdump {

/// The sole owner of a file descriptor. Everything else composes it and follows the rule of zero.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }

  /// open(2) with O_CLOEXEC added; the error names the path.
  static Result<Fd> open(const std::string& path, int flags, mode_t mode = 0);

  [[nodiscard]] int raw() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release();

  /// Closes and reports what close(2) says (delayed write errors on network file systems show up
  /// here).
  Status close();

 private:
  void reset();
  int fd_ = -1;
};

}  // namespace kdump
