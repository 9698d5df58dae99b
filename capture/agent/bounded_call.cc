// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/bounded_call.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"
#include "capture/agent/poll_timeout.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{4} << 20U;

// The answer on the pipe: "KIND CODE\nTEXT", KIND -1 for success.
std::string encode(const Result<std::string>& result) {
  if (result) return fmt::format("-1 0\n{}", *result);
  return fmt::format("{} {}\n{}",
                     static_cast<int>(result.error().kind),
                     result.error().code,
                     result.error().message);
}

Result<std::string> decode(const std::string& doing, const std::string& answer) {
  const Error died = make_error(ErrorKind::kSystem, "{}: the process doing it died", doing);
  const std::size_t newline = answer.find('\n');
  if (newline == std::string::npos) return died;
  const auto words = split_words(std::string_view(answer).substr(0, newline));
  if (words.size() != 2) return died;
  const auto kind = parse_signed(words[0]);
  const auto code = parse_signed(words[1]);
  if (!kind || !code) return died;
  std::string text = answer.substr(newline + 1);
  if (*kind < 0) return text;
  return Error{static_cast<ErrorKind>(*kind), static_cast<int>(*code), std::move(text)};
}

[[noreturn]] void run_child(const std::function<Result<std::string>()>& work, int answer_fd) {
  const std::string answer = encode(work());
  // A parent that stopped listening has called it a timeout.
  (void)write_all(answer_fd, std::string_view(answer));
  ::_exit(0);
}

// Reads the answer until end of file: the child has exited, or closed its end by dying.
Result<std::string> receive(const std::string& doing, int fd, Deadline deadline) {
  std::string answer;
  std::array<std::byte, 4096> buffer{};
  while (answer.size() < kMaxAnswer) {
    pollfd watched{fd, POLLIN, 0};
    const int ready = ::poll(&watched, 1, poll_timeout(deadline));
    if (ready < 0 && errno != EINTR) return system_error(errno, "poll");
    if (ready == 0 && Clock::now() >= deadline) {
      return make_error(ErrorKind::kTimeout, "{}: not done in time", doing);
    }
    if (ready <= 0) continue;
    const std::size_t got = TRY(read_some(fd, buffer));
    if (got == 0) break;
    answer.append(reinterpret_cast<const char*>(buffer.data()), got);  // NOLINT
  }
  return answer;
}

}  // namespace

Result<std::string> call_bounded(const std::string& doing,
                                 const std::function<Result<std::string>()>& work,
                                 Deadline deadline,
                                 Overdue overdue) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "{}: pipe", doing);
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "{}: fork", doing);
  if (pid == 0) run_child(work, write_end.raw());
  TRY(write_end.close());

  const auto answer = receive(doing, read_end.raw(), deadline);
  if (!answer) {
    if (overdue == Overdue::kKill) ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, WNOHANG);  // if it is still running, init reaps it one day
    return answer.error();
  }
  // End of file: it is exiting and does nothing any more that could block.
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return decode(doing, *answer);
}

}  // namespace kdump::agent
