// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/service_lock.h"

#include "base/io.h"
#include "base/text.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace kdump::ctl {
namespace {

constexpr const char* kFolder = "/run/lock";
constexpr const char* kLock = "/run/lock/kdump";
constexpr std::chrono::milliseconds kPollInterval{100};

Result<bool> try_lock(int fd) {
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return system_error(errno, "cannot lock {}", kLock);
  }
  return true;
}

/// "process 1234 (kdumpctl)", as the holder wrote it; others (kdump-utils) write nothing.
std::string holder(const SysRoot& root) {
  const auto pid = parse_unsigned(root.read_value(kLock).value_or(""));
  if (!pid) return "another program";
  const auto name = root.read_value(fmt::format("/proc/{}/comm", *pid));
  return name ? fmt::format("process {} ({})", *pid, escape_control(*name))
              : fmt::format("process {}", *pid);
}

Status write_own_pid(int fd) {
  if (::ftruncate(fd, 0) != 0) return system_error(errno, "cannot write {}", kLock);
  const std::string text = fmt::format("{}\n", ::getpid());
  return write_all_at(fd, as_bytes(text), 0);
}

}  // namespace

Result<ServiceLock> ServiceLock::take(const SysRoot& root,
                                      const Log& log,
                                      std::chrono::milliseconds deadline) {
  std::error_code error;
  std::filesystem::create_directories(root.path(kFolder), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path(kFolder));
  Fd fd = TRY(Fd::open(root.path(kLock), O_RDWR | O_CREAT | O_NOFOLLOW, 0644));
  const auto end = std::chrono::steady_clock::now() + deadline;
  for (bool told = false; !TRY(try_lock(fd.raw()));) {
    if (std::chrono::steady_clock::now() >= end) {
      return make_error(ErrorKind::kTimeout,
                        "{} is held by {}: gave up after {} s. Try again when it has ended",
                        root.path(kLock),
                        holder(root),
                        std::chrono::duration_cast<std::chrono::seconds>(deadline).count());
    }
    if (!told) {
      log.info("Another app is currently holding the kdump lock; waiting for it to exit... ({})",
               holder(root));
      told = true;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  TRY(write_own_pid(fd.raw()));
  return ServiceLock(std::move(fd));
}

}  // namespace kdump::ctl
