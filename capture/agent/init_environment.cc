// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/init_environment.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr const char* kRecordPath = "/run/kdump-agent.log";
constexpr const char* kPanicTimeout = "/proc/sys/kernel/panic";
constexpr const char* kHungTaskPanic = "/proc/sys/kernel/hung_task_panic";

struct KernelFileSystem {
  const char* type;
  const char* mount_point;
  unsigned long flags;
  const char* data;
};

constexpr KernelFileSystem kKernelFileSystems[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"devtmpfs", "/dev", MS_NOSUID, "mode=0755"},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755"},
    {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"},
};

Status mount_one(const SysRoot& root, const KernelFileSystem& what) {
  const std::string path = root.path(what.mount_point);
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return system_error(errno, "cannot create {}", path);
  }
  // EBUSY: mounted there already.
  if (::mount(what.type, path.c_str(), what.type, what.flags, what.data) != 0 && errno != EBUSY) {
    return system_error(errno, "cannot mount {} on {}", what.type, path);
  }
  return {};
}

}  // namespace

void claim_process() {
  // The kernel starts init without them when there is no console. A folder can be opened even when
  // /dev is empty.
  int fd = 0;
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/", O_RDONLY | O_DIRECTORY);
  if (fd >= 0) ::close(fd);
  ::umask(0077);
  ::signal(SIGPIPE, SIG_IGN);
}

std::vector<Error> mount_kernel_file_systems(const SysRoot& root) {
  std::vector<Error> failures;
  for (const KernelFileSystem& what : kKernelFileSystems) {
    if (auto status = mount_one(root, what); !status) failures.push_back(status.error());
  }
  return failures;
}

AgentLog open_log(const SysRoot& root) {
  if (const auto null = Fd::open(root.path("/dev/null"), O_RDWR)) {
    for (int standard = 0; standard <= STDERR_FILENO; ++standard) ::dup2(null->raw(), standard);
  }
  Fd console;
  if (auto opened = Fd::open(root.path("/dev/console"), O_WRONLY | O_NONBLOCK | O_NOCTTY)) {
    console = *std::move(opened);
    ::dup2(console.raw(), STDOUT_FILENO);
    ::dup2(console.raw(), STDERR_FILENO);
  }
  Fd record;
  if (auto opened = Fd::open(root.path(kRecordPath), O_RDWR | O_CREAT | O_APPEND, 0600)) {
    record = *std::move(opened);
  }
  return {std::move(console), std::move(record)};
}

std::time_t utc_of_local_clock(std::time_t seconds) {
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  fields.tm_isdst = -1;
  const std::time_t utc = ::mktime(&fields);
  return utc == -1 ? seconds : utc;
}

Status correct_local_clock(const SysRoot& root) {
  constexpr std::size_t kClockLine = 2;  // the third: UTC or LOCAL
  const auto text = root.read("/etc/adjtime");
  if (!text) return {};
  const auto lines = split_lines(*text);
  if (lines.size() <= kClockLine || trim(lines[kClockLine]) != "LOCAL") return {};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  now.tv_sec = utc_of_local_clock(now.tv_sec);
  if (::clock_settime(CLOCK_REALTIME, &now) == 0) return {};
  return system_error(errno, "cannot set the clock, which keeps local time");
}

Status restart_on_panic(const SysRoot& root) {
  if (TRY(root.read_value(kPanicTimeout)) != "0") return {};
  return write_attribute(root.path(kPanicTimeout), "10");
}

Status outlive_hung_tasks(const SysRoot& root) {
  if (!root.exists(kHungTaskPanic)) return {};  // without CONFIG_DETECT_HUNG_TASK
  return write_attribute(root.path(kHungTaskPanic), "0");
}

}  // namespace kdump::agent
