// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/subprocess.h"

#include "base/io.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace kdump {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = std::size_t{16} << 20U;

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  // posix_spawn takes char* const[] and does not write through it.
  for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  out.push_back(nullptr);
  return out;
}

// Milliseconds for poll(2) until the deadline, at least 0.
int poll_timeout(Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

struct FileActions {
  FileActions() { posix_spawn_file_actions_init(&raw); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&raw); }
  posix_spawn_file_actions_t raw{};
};

struct Attributes {
  Attributes() { posix_spawnattr_init(&raw); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&raw); }
  posix_spawnattr_t raw{};
};

}  // namespace

std::string ExitStatus::describe() const {
  if (signal != 0) return fmt::format("killed by signal {} ({})", signal, strsignal(signal));
  return fmt::format("exit code {}", exit_code);
}

Result<Child> Child::spawn(const std::vector<std::string>& argv,
                           const Streams& streams,
                           const std::optional<std::vector<std::string>>& environment) {
  if (argv.empty()) return make_error(ErrorKind::kUsage, "cannot start an empty command");
  FileActions actions;
  if (streams.in >= 0) {
    posix_spawn_file_actions_adddup2(&actions.raw, streams.in, STDIN_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions.raw, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  if (streams.out >= 0) posix_spawn_file_actions_adddup2(&actions.raw, streams.out, STDOUT_FILENO);
  if (streams.err >= 0) posix_spawn_file_actions_adddup2(&actions.raw, streams.err, STDERR_FILENO);

  // The child starts with default signal handling whatever PID 1 or a tool has blocked or ignored.
  Attributes attributes;
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes.raw, &none);
  posix_spawnattr_setsigdefault(&attributes.raw, &all);
  posix_spawnattr_setflags(&attributes.raw, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const std::vector<char*> arguments = pointers(argv);
  std::vector<char*> variables;
  if (environment) variables = pointers(*environment);
  pid_t pid = -1;
  const int code = ::posix_spawnp(&pid,
                                  argv[0].c_str(),
                                  &actions.raw,
                                  &attributes.raw,
                                  arguments.data(),
                                  environment ? variables.data() : environ);
  if (code != 0) return system_error(code, "cannot start {}", argv[0]);
  Fd pid_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int pid_fd_error = errno;
  Child child(pid, std::move(pid_fd));
  if (!child.pid_fd_.valid()) return system_error(pid_fd_error, "cannot watch {}", argv[0]);
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pid_fd_(std::move(other.pid_fd_)) {}

Child::~Child() {
  if (pid_ < 0) return;
  kill(SIGKILL);
  (void)reap();  // nobody is left to be told how it ended
}

void Child::kill(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

Result<ExitStatus> Child::reap() {
  int status = 0;
  pid_t got = -1;
  do {
    got = ::waitpid(pid_, &status, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return system_error(errno, "cannot wait for process {}", pid_);
  pid_ = -1;
  if (WIFSIGNALED(status)) return ExitStatus{0, WTERMSIG(status)};
  return ExitStatus{WEXITSTATUS(status), 0};
}

Result<ExitStatus> Child::wait_until(Clock::time_point deadline) {
  for (;;) {
    pollfd watched{pid_fd_.raw(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, poll_timeout(deadline));
    if (ready > 0) return reap();
    if (ready < 0 && errno != EINTR) return system_error(errno, "poll");
    if (ready == 0 && Clock::now() >= deadline) {
      return make_error(ErrorKind::kTimeout, "process {} did not end in time", pid_);
    }
  }
}

Result<ExitStatus> Child::wait() { return wait_until(Clock::time_point::max()); }

Result<CommandOutput> run_command(const std::vector<std::string>& argv,
                                  std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "pipe");
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  Child child = TRY(Child::spawn(argv, {.in = -1, .out = write_end.raw(), .err = -1}));
  TRY(write_end.close());

  CommandOutput output;
  std::array<std::byte, 4096> buffer{};
  for (;;) {
    pollfd watched{read_end.raw(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, poll_timeout(deadline));
    if (ready < 0 && errno != EINTR) return system_error(errno, "poll");
    if (ready == 0) {
      return make_error(
          ErrorKind::kTimeout, "{} did not end within {} ms", argv[0], timeout.count());
    }
    if (ready < 0) continue;
    const std::size_t got = TRY(read_some(read_end.raw(), buffer));
    if (got == 0) break;
    if (output.out.size() + got > kMaxOutput) {
      return make_error(ErrorKind::kBadData, "{} wrote more than {} bytes", argv[0], kMaxOutput);
    }
    output.out.append(reinterpret_cast<const char*>(buffer.data()), got);  // NOLINT
  }
  output.status = TRY(child.wait_until(deadline));
  return output;
}

}  // namespace kdump
