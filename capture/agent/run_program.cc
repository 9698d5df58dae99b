// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.h"
#include "base/io.h"
#include "capture/agent/activity.h"
#include "capture/agent/linux_system.h"
#include "capture/agent/poll_timeout.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::seconds kLook{1};  // at whether it does anything
// How long a killed program may take to disappear. One that is stuck in the kernel does not.
constexpr std::chrono::seconds kBurial{5};

class RunningProgram {
 public:
  RunningProgram(Child child, Fd output, const ProgramObserver& observer, Activity activity)
      : child_(std::move(child)),
        output_(std::move(output)),
        observer_(observer),
        activity_(activity) {
    end_.pid = child_.pid();
  }

  /// `stall`: how long it may do nothing; 0 for ever.
  Result<ProgramEnd> wait(Deadline deadline, std::chrono::seconds stall) {
    for (;;) {
      const Deadline now = Clock::now();
      end_.deadline_passed = now >= deadline;
      look(now);
      end_.stalled = stall.count() > 0 && idle_ >= stall;
      if (end_.deadline_passed || end_.stalled) return give_up();
      std::array<pollfd, 2> watched{
          {{output_.valid() ? output_.raw() : -1, POLLIN, 0}, {child_.pid_fd(), POLLIN, 0}}};
      const int ready =
          ::poll(watched.data(), watched.size(), poll_timeout(std::min(now + kTick, deadline)));
      if (ready < 0 && errno != EINTR) return system_error(errno, "poll");
      tick();
      if (ready > 0 && watched[0].revents != 0) relay();
      if (ready > 0 && watched[1].revents != 0) {
        drain();
        end_.status = TRY(child_.wait());
        return end_;
      }
    }
  }

 private:
  void tick() {
    const Deadline now = Clock::now();
    if (now < next_tick_) return;
    next_tick_ = now + kTick;
    observer_.tick();
  }

  void look(Deadline now) {
    if (now < next_look_) return;
    next_look_ = now + kLook;
    idle_ = activity_.idle(now);
    if (idle_ < 2 * kLook) observer_.active();
  }

  // One read of what is there; called when poll says that it does not block.
  void relay() {
    std::array<std::byte, 4096> buffer{};
    const auto got = read_some(output_.raw(), buffer);
    if (!got || *got == 0) {
      output_ = Fd();
      return;
    }
    observer_.output({reinterpret_cast<const char*>(buffer.data()), *got});  // NOLINT
  }

  // What it wrote before it ended. A process that it left behind may go on writing: bounded.
  void drain() {
    constexpr int kMostReads = 256;
    for (int reads = 0; reads < kMostReads && output_.valid(); ++reads) {
      pollfd watched{output_.raw(), POLLIN, 0};
      if (::poll(&watched, 1, 0) <= 0) return;
      relay();
    }
  }

  Result<ProgramEnd> give_up() {
    child_.kill(SIGKILL);
    auto status = child_.wait_until(Clock::now() + kBurial);
    drain();
    if (status) {
      end_.status = *status;
    } else {
      // Stuck in the kernel. Its destructor would wait for it; the process is left to init instead.
      (void)new Child(std::move(child_));  // NOLINT
      end_.status.signal = SIGKILL;
    }
    return end_;
  }

  Child child_;
  Fd output_;
  const ProgramObserver& observer_;
  Activity activity_;
  Deadline next_tick_ = Deadline::min();
  Deadline next_look_ = Deadline::min();
  Clock::duration idle_{};
  ProgramEnd end_;
};

}  // namespace

Result<ProgramEnd> LinuxSystem::run(const Program& program,
                                    const ProgramObserver& observer,
                                    Deadline deadline) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const std::vector<std::string> environment{
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LANG=C"};
  const Child::Streams streams{
      .in = -1, .out = program.out >= 0 ? program.out : write_end.raw(), .err = write_end.raw()};
  Child child = TRY(Child::spawn(program.argv, streams, environment));
  TRY(write_end.close());
  // When memory runs out it is the program that dies, not the agent, which can still save its log.
  const std::string score = fmt::format("/proc/{}/oom_score_adj", child.pid());
  if (const auto status = write_attribute(root_.path(score), "1000"); !status) {
    observer.output(status.error().message + "\n");
  }
  const Activity activity(root_, child.pid(), Clock::now());
  return RunningProgram(std::move(child), std::move(read_end), observer, activity)
      .wait(deadline, program.stall);
}

}  // namespace kdump::agent
