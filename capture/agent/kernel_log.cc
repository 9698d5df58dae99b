// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/kernel_log.h"

#include "base/text.h"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace kdump::agent {
namespace {

// CONSOLE_EXT_LOG_MAX of the kernel (printk.c): a longer record does not exist.
constexpr std::size_t kMaxRecord = 8192;
// More than the largest printk ring holds (log_buf_len at most 2 GiB, but a capture kernel's is
// 2^CONFIG_LOG_BUF_SHIFT, 2 MiB at most): a writer that never stops does not keep us here.
constexpr int kMaxRecords = 200'000;

}  // namespace

std::optional<std::string> format_kernel_record(std::string_view record) {
  const std::size_t semicolon = record.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  const auto fields = split(record.substr(0, semicolon), ',');
  if (fields.size() < 4) return std::nullopt;
  const auto microseconds = parse_unsigned(fields[2]);
  if (!microseconds) return std::nullopt;
  std::string_view text = record.substr(semicolon + 1);
  text = text.substr(0, text.find('\n'));
  return fmt::format("[{:5}.{:06}] {}", *microseconds / 1'000'000, *microseconds % 1'000'000, text);
}

Status read_kernel_records(int fd, const std::function<void(std::string_view)>& message) {
  std::array<char, kMaxRecord> buffer{};
  for (int records = 0; records < kMaxRecords; ++records) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EPIPE)) continue;  // EPIPE: overwritten meanwhile
    if (got < 0 && errno == EAGAIN) return {};
    if (got < 0) return system_error(errno, "cannot read the kernel's log");
    if (got == 0) return {};
    const auto text =
        format_kernel_record(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    if (text) message(*text);
  }
  return {};
}

bool is_oom_kill_of(std::string_view message, pid_t pid) {
  return message.find(fmt::format("Killed process {} (", pid)) != std::string_view::npos;
}

std::optional<std::string> oom_victim(std::string_view message) {
  constexpr std::string_view kKilled = "Killed process ";
  const std::size_t at = message.find(kKilled);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t open = message.find('(', at);
  const std::size_t close = message.find(')', at);
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  return std::string(message.substr(open + 1, close - open - 1));
}

}  // namespace kdump::agent
