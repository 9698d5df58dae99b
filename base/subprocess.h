// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace kdump {

/// How a child ended.
struct ExitStatus {
  int exit_code = 0;  ///< when signal is 0
  int signal = 0;     ///< the signal that killed it, else 0
  [[nodiscard]] bool success() const { return signal == 0 && exit_code == 0; }
  /// "exit code 1", "killed by signal 9 (Killed)".
  [[nodiscard]] std::string describe() const;
};

/// A child process started from an argument vector, never through a shell. argv[0] holds the path
/// (searched in PATH when it has no slash). A Child that is destroyed while running is killed and
/// reaped.
class Child {
 public:
  struct Streams {
    int in = -1;   ///< becomes fd 0; -1: /dev/null
    int out = -1;  ///< becomes fd 1; -1: inherited
    int err = -1;  ///< becomes fd 2; -1: inherited
  };
  /// `environment`: NAME=VALUE rows; nothing: the caller's.
  static Result<Child> spawn(
      const std::vector<std::string>& argv,
      const Streams& streams,
      const std::optional<std::vector<std::string>>& environment = std::nullopt);

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Readable (poll) once the child has ended.
  [[nodiscard]] int pid_fd() const { return pid_fd_.raw(); }

  /// Waits until the deadline; kTimeout leaves the child running.
  Result<ExitStatus> wait_until(std::chrono::steady_clock::time_point deadline);
  Result<ExitStatus> wait();
  void kill(int signal) const;

 private:
  Child(pid_t pid, Fd pid_fd) : pid_(pid), pid_fd_(std::move(pid_fd)) {}
  Result<ExitStatus> reap();

  pid_t pid_ = -1;
  Fd pid_fd_;
};

struct CommandOutput {
  ExitStatus status;
  std::string out;  ///< what the command wrote to standard output, at most 16 MiB
};

/// Runs a command to its end with its standard output captured; after `timeout` it is killed and
/// the result is kTimeout.
Result<CommandOutput> run_command(const std::vector<std::string>& argv,
                                  std::chrono::milliseconds timeout);

}  // namespace kdump
