// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump {
namespace {

constexpr std::size_t kReadStep = std::size_t{64} << 10U;

/// One byte more than a file says that it has, so that its end is seen in the same buffer: a kernel
/// would else be copied again at each growth.
std::size_t first_step(int fd) {
  struct stat info {};
  const bool is_known = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
  return is_known ? static_cast<std::size_t>(info.st_size) + 1 : kReadStep;
}

template <typename Content>
Result<Content> read_whole(const std::string& path, std::size_t limit) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  Content content(std::min(first_step(fd.raw()), limit + 1), {});
  std::size_t used = 0;
  for (;;) {
    if (used == content.size()) content.resize(used + std::min(limit + 1 - used, kReadStep));
    const auto got = read_some(fd.raw(), std::as_writable_bytes(std::span(content)).subspan(used));
    if (!got) return Error(got.error()).with_context(path);
    used += *got;
    if (used > limit) {
      return make_error(ErrorKind::kBadData, "{}: larger than {} bytes", path, limit);
    }
    if (*got == 0) break;
  }
  content.resize(used);
  return content;
}

}  // namespace

Status read_exact_at(int fd, std::span<std::byte> into, std::uint64_t offset) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "read at offset {:#x}", offset);
    }
    if (got == 0) {
      return make_error(ErrorKind::kUnreadable, "read at offset {:#x}: end of file", offset);
    }
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<std::size_t> read_some(int fd, std::span<std::byte> into) {
  for (;;) {
    const ssize_t got = ::read(fd, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return system_error(errno, "read");
  }
}

Status write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "write");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Status write_all_at(int fd, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "write at offset {:#x}", offset);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

Status write_all(int fd, std::string_view text) { return write_all(fd, as_bytes(text)); }

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  return read_whole<std::string>(path, limit);
}

Result<std::vector<std::byte>> read_bytes(const std::string& path, std::size_t limit) {
  return read_whole<std::vector<std::byte>>(path, limit);
}

Status write_attribute(const std::string& path, std::string_view text) {
  const Fd fd = TRY(Fd::open(path, O_WRONLY));
  ssize_t put = -1;
  do {
    put = ::write(fd.raw(), text.data(), text.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0) return system_error(errno, "cannot write \"{}\" to {}", text, path);
  if (static_cast<std::size_t>(put) != text.size()) {
    return make_error(ErrorKind::kSystem, "cannot write \"{}\" to {}: short write", text, path);
  }
  return {};
}

}  // namespace kdump
