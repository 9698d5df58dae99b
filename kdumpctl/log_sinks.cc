// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/log_sinks.h"

#include "base/io.h"

#include <syslog.h>

namespace kdump::ctl {
namespace {

int priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return LOG_ERR;
    case LogLevel::kWarning:
      return LOG_WARNING;
    case LogLevel::kDebug:
      return LOG_DEBUG;
    case LogLevel::kInfo:
    case LogLevel::kNone:
      break;
  }
  return LOG_INFO;
}

}  // namespace

void add_syslog(Log& log, LogLevel level) {
  if (level == LogLevel::kNone) return;
  ::openlog("kdumpctl", LOG_PID, LOG_DAEMON);
  log.add({level, [](LogLevel of, const std::string& line) {
             ::syslog(priority_of(of), "%s", line.c_str());
           }});
}

void add_kernel_log(Log& log, LogLevel level) {
  if (level == LogLevel::kNone) return;
  log.add({level, [](LogLevel of, const std::string& line) {
             // <priority> as printk(9) has it. What cannot be written has been said on standard
             // error.
             (void)write_attribute("/dev/kmsg",
                                   fmt::format("<{}>{}\n", LOG_DAEMON | priority_of(of), line));
           }});
}

}  // namespace kdump::ctl
