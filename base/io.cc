// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

namespace kdump {
namespace {

constexpr std::size_t kReadStep = std::size_t{64} << 10U;

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
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  std::string text;
  for (;;) {
    const std::size_t used = text.size();
    text.resize(used + std::clamp(limit + 1 - used, std::size_t{1}, kReadStep));
    auto got = read_some(fd.raw(), std::as_writable_bytes(std::span(text)).subspan(used));
    if (!got) return std::move(got).error().with_context(path);
    text.resize(used + *got);
    if (*got == 0) return text;
    if (text.size() > limit) {
      return make_error(ErrorKind::kBadData, "{}: larger than {} bytes", path, limit);
    }
  }
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
