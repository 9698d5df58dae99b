// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/supervisor.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "capture/agent/poll_timeout.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

// Orphans are reaped at least this often, and the worker is looked for; more often once it has
// closed its socket, which is the last thing before its end.
constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::milliseconds kShortTick{5};

class Supervision {
 public:
  Supervision(pid_t worker, Fd reports, const SupervisorLimits& limits)
      : worker_(worker), reports_(std::move(reports)), limits_(limits) {
    last_.deadline = Clock::now();
  }

  WorkerEnd wait() {
    for (;;) {
      receive_reports();
      if (const auto status = reap()) {
        receive_reports();  // what it said just before it ended
        return ended(*status);
      }
      if (Clock::now() >= patience_ends()) return give_up();
      pollfd watched{reports_open_ ? reports_.raw() : -1, POLLIN, 0};
      const Deadline tick = Clock::now() + (reports_open_ ? kTick : kShortTick);
      ::poll(&watched, 1, poll_timeout(std::min(patience_ends(), tick)));
    }
  }

 private:
  [[nodiscard]] Deadline patience_ends() const {
    return std::min(limits_.end, last_.deadline + limits_.grace);
  }

  void receive_reports() {
    std::array<char, PATH_MAX + 64> datagram{};
    while (reports_open_) {
      const ssize_t got = ::recv(reports_.raw(), datagram.data(), datagram.size(), MSG_DONTWAIT);
      if (got < 0 && errno == EINTR) continue;
      // End of file comes with the end of the worker, which reap() sees.
      if (got == 0) reports_open_ = false;
      if (got <= 0) return;
      auto report =
          decode_step_report(std::string_view(datagram.data(), static_cast<std::size_t>(got)));
      if (report) take(*std::move(report));
    }
  }

  void take(StepReport report) {
    const bool is_same = has_report_ && report.step == last_.step && report.target == last_.target;
    if (!is_same) {
      end_step();
      step_start_ = Clock::now();
    }
    has_report_ = true;
    last_ = std::move(report);
  }

  void end_step() {
    constexpr std::size_t kMostSteps = 1000;
    if (!has_report_ || steps_.size() == kMostSteps) return;
    steps_.push_back({last_.target, last_.step, Clock::now() - step_start_});
  }

  // The worker's status once it has ended; orphans are only buried.
  std::optional<int> reap() const {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid < 0 && errno == EINTR) continue;
      if (pid <= 0) return std::nullopt;
      if (pid == worker_) return status;
    }
  }

  WorkerEnd ended(int status) {
    WorkerEnd end = what_is_known();
    if (WIFEXITED(status) && WEXITSTATUS(status) == kWorkerSucceeded) {
      end.how = WorkerEnd::How::kSucceeded;
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == kWorkerFailed) {
      end.how = WorkerEnd::How::kFailed;
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == kWorkerDeclined) {
      end.how = WorkerEnd::How::kDeclined;
    } else {
      const ExitStatus how = WIFSIGNALED(status) ? ExitStatus{0, WTERMSIG(status)}
                                                 : ExitStatus{WEXITSTATUS(status), 0};
      end.how = WorkerEnd::How::kDied;
      end.reason =
          fmt::format("the worker died in step '{}': {}", to_string(last_.step), how.describe());
    }
    return end;
  }

  WorkerEnd what_is_known() {
    end_step();
    WorkerEnd end;
    end.last = last_;
    end.steps = std::move(steps_);
    return end;
  }

  WorkerEnd give_up() {
    ::kill(-worker_, SIGKILL);
    ::kill(worker_, SIGKILL);
    const Deadline buried = Clock::now() + limits_.burial;
    bool gone = false;
    while (!gone && Clock::now() < buried) {
      gone = reap().has_value();
      if (!gone) ::poll(nullptr, 0, 20);
    }
    WorkerEnd end = what_is_known();
    end.how = WorkerEnd::How::kStuck;
    end.reason = fmt::format("step '{}' did not end in time{}",
                             to_string(last_.step),
                             gone ? "" : " and is stuck in the kernel");
    return end;
  }

  pid_t worker_;
  Fd reports_;
  SupervisorLimits limits_;
  StepReport last_;
  bool has_report_ = false;
  Deadline step_start_;
  std::vector<StepTime> steps_;
  bool reports_open_ = true;
};

}  // namespace

Result<WorkerEnd> supervise(const std::function<int(int report_fd)>& worker,
                            const SupervisorLimits& limits) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error(errno, "cannot make the worker's report socket");
  }
  Fd supervisor_end(ends[0]);
  Fd worker_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "cannot fork the worker");
  if (pid == 0) {
    ::setpgid(0, 0);
    ::_exit(worker(worker_end.raw()));
  }
  ::setpgid(pid, pid);  // whoever comes first; the group must exist before it can be killed
  TRY(worker_end.close());
  return Supervision(pid, std::move(supervisor_end), limits).wait();
}

}  // namespace kdump::agent
