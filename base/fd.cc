// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.h"

#include <cerrno>
#include <unistd.h>
#include <utility>

namespace kdump {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

Result<Fd> Fd::open(const std::string& path, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return system_error(errno, "cannot open {}", path);
  return Fd(fd);
}

int Fd::release() { return std::exchange(fd_, -1); }

Status Fd::close() {
  const int fd = release();
  // POSIX leaves the descriptor's state open after EINTR; on Linux it is closed, so EINTR is
  // success.
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) return system_error(errno, "close");
  return {};
}

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace kdump
