// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/watchdog.h"

#include "base/io.h"
#include "base/text.h"

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace kdump::agent {
namespace {

// Hardware watchdogs have timeouts of ten seconds and more.
constexpr unsigned kInterval = 2;

volatile std::sig_atomic_t without_end = 0;  // what a signal handler may set

void feed_without_end(int /*signal*/) { without_end = 1; }

[[noreturn]] void run_feeder(const SysRoot& root, Deadline end) {
  struct sigaction action {};
  action.sa_handler = feed_without_end;
  ::sigaction(SIGTERM, &action, nullptr);
  Watchdogs watchdogs(root);
  while (without_end != 0 || Clock::now() < end) {
    watchdogs.feed();
    ::sleep(kInterval);
  }
  ::_exit(0);  // closed without the letter V: they go on counting
}

}  // namespace

std::size_t Watchdogs::feed() {
  const auto names = root_.list("/dev");
  if (!names) return 0;
  std::size_t fed = 0;
  for (const std::string& name : *names) {
    constexpr std::string_view kStem = "watchdog";
    // Without a number it is another name of the first one.
    if (!name.starts_with(kStem) || !parse_unsigned(name.substr(kStem.size()))) continue;
    Fd& fd = open_[name];
    if (!fd.valid()) {
      auto opened = Fd::open(root_.path("/dev/" + name), O_WRONLY | O_NOCTTY);
      if (!opened) continue;  // not ready yet, or in use: tried again the next time
      fd = *std::move(opened);
    }
    // Any byte but V, which would stop it.
    if (write_all(fd.raw(), std::string_view("."))) ++fed;
  }
  return fed;
}

Result<pid_t> start_feeding(const SysRoot& root, Deadline end) {
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "cannot fork the process that feeds the watchdogs");
  if (pid == 0) run_feeder(root, end);
  return pid;
}

}  // namespace kdump::agent
