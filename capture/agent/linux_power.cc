// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.h"
#include "base/io.h"
#include "base/subprocess.h"
#include "capture/agent/bounded_call.h"
#include "capture/agent/final_action.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr const char* kShell = "/bin/sh";

int reboot_command(config::FinalAction action) {
  switch (action) {
    case config::FinalAction::kReboot:
      return RB_AUTOBOOT;
    case config::FinalAction::kHalt:
      return static_cast<int>(RB_HALT_SYSTEM);
    case config::FinalAction::kPoweroff:
      return RB_POWER_OFF;
  }
  return RB_AUTOBOOT;
}

// In the forked child: a session of its own with the console as its controlling terminal, so that
// job control and Ctrl-C work.
[[noreturn]] void exec_shell(const std::string& console, const std::string& shell) {
  ::setsid();
  const int fd = ::open(console.c_str(), O_RDWR);
  if (fd >= 0) {
    ::ioctl(fd, TIOCSCTTY, 1);
    for (int standard = 0; standard < 3; ++standard) ::dup2(fd, standard);
  }
  const char* const argv[] = {"-sh", nullptr};
  // execv takes char* const[] and does not write through it.
  ::execv(shell.c_str(), const_cast<char* const*>(argv));  // NOLINT
  ::abort();  // no exit code is free: a shell returns that of its last command
}

}  // namespace

Status LinuxPower::shut_down(config::FinalAction action, std::chrono::milliseconds patience) {
  const std::string doing = fmt::format("cannot {}", config::to_string(action));
  const auto result = call_bounded(
      doing,
      [&]() -> Result<std::string> {
        ::reboot(reboot_command(action));
        return system_error(errno, "{}", doing);
      },
      Clock::now() + patience,
      Overdue::kLeaveRunning);
  if (!result && result.error().kind != ErrorKind::kTimeout) return result.error();
  return {};
}

// A write to the trigger works whatever kernel.sysrq says, and 'b' restarts the machine without
// shutting devices down (drivers/tty/sysrq.c, sysrq_handle_reboot()).
Status LinuxPower::reset() {
  Status status = write_attribute(root_.path("/proc/sysrq-trigger"), "b");
  // Without /proc, or without CONFIG_MAGIC_SYSRQ. Only init may try what may never return.
  if (!status && ::getpid() == 1) ::reboot(RB_AUTOBOOT);
  return status;
}

void LinuxPower::stay() {
  for (;;) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    ::sleep(1);
  }
}

Status LinuxPower::shell() {
  const std::string shell = root_.path(kShell);
  if (::access(shell.c_str(), X_OK) != 0) {
    return make_error(ErrorKind::kNotFound, "the image has no {}", kShell);
  }
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "cannot start {}", kShell);
  if (pid == 0) exec_shell(root_.path("/dev/console"), shell);
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);  // orphans too
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) return system_error(errno, "cannot wait for {}", kShell);
    if (ended != pid) continue;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) {
      return make_error(ErrorKind::kSystem, "{} could not be started", kShell);
    }
    return {};
  }
}

}  // namespace kdump::agent
