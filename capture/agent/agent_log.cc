// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/agent_log.h"

#include "base/io.h"
#include "base/text.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr int kConsolePatienceMs = 1000;
constexpr std::size_t kMaxProgramLine = 1024;

// As printk stamps its messages, so that both can be read together.
std::string stamp() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return fmt::format("[{:5}.{:06}] ", now.tv_sec, now.tv_nsec / 1000);
}

}  // namespace

void AgentLog::emit(std::string_view severity, const std::string& text) {
  const std::string prefix = stamp() + "kdump-agent: ";
  std::string out;
  for (const std::string_view line : split_lines(text)) {
    out += fmt::format("{}{}{}\n", prefix, severity, line);
  }
  if (console_line_open_) to_console("\n");
  console_line_open_ = false;
  to_console(out);
  to_record(out, kRecordLimit);
}

void AgentLog::program_output(std::string_view bytes) {
  if (bytes.empty()) return;
  to_console(bytes);
  console_line_open_ = bytes.back() != '\n';
  for (const char c : bytes) {
    if (c == '\n') {
      end_program_output();
    } else if (program_line_.size() < kMaxProgramLine) {
      program_line_ += c;
    }
  }
}

void AgentLog::end_program_output() {
  // "\r 1%\r 2%" and "1%\r2%\r" alike: the last state that is not empty.
  const std::string_view line = trim(program_line_);
  const std::size_t overwritten = line.rfind('\r');
  const std::string_view last =
      overwritten == std::string_view::npos ? line : line.substr(overwritten + 1);
  if (!last.empty()) to_record(fmt::format("{}{}\n", stamp(), escape_control(last)), kProgramLimit);
  program_line_.clear();
}

void AgentLog::to_console(std::string_view bytes) {
  while (!bytes.empty() && console_.valid()) {
    pollfd watched{console_.raw(), POLLOUT, 0};
    const int ready = ::poll(&watched, 1, console_stalled_ ? 0 : kConsolePatienceMs);
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t written =
        ready > 0 ? ::write(console_.raw(), bytes.data(), bytes.size()) : ssize_t{-1};
    console_stalled_ = written <= 0;
    if (console_stalled_) return;  // the record still has the line
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AgentLog::to_record(std::string_view line, std::size_t limit) {
  if (!record_.valid()) return;
  struct stat info {};
  if (::fstat(record_.raw(), &info) != 0) return;
  if (static_cast<std::size_t>(info.st_size) + line.size() > limit) return;
  // A record that cannot grow (no memory) has nowhere to complain; the console has the line.
  (void)write_all(record_.raw(), line);
}

Result<std::string> AgentLog::recorded() const {
  if (!record_.valid()) return make_error(ErrorKind::kNotFound, "the agent keeps no record");
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got =
        ::pread(record_.raw(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read the agent's record");
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace kdump::agent
