// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/log_sinks.h"

#include "base/io.h"

#include <string_view>
#include <syslog.h>
#include <unistd.h>

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

/// Both logs have the program's name in a field of its own.
constexpr const char* kName = "kdump";

std::string_view without_name(std::string_view line) {
  constexpr std::string_view kPrefix = "kdump: ";
  if (line.starts_with(kPrefix)) line.remove_prefix(kPrefix.size());
  return line;
}

}  // namespace

void add_syslog(Log& log, LogLevel level) {
  if (level == LogLevel::kNone) return;
  ::openlog(kName, LOG_PID, LOG_DAEMON);
  log.add({level, [](LogLevel of, const std::string& line) {
             ::syslog(priority_of(of), "%s", std::string(without_name(line)).c_str());
           }});
}

void add_kernel_log(Log& log, LogLevel level) {
  if (level == LogLevel::kNone) return;
  log.add({level, [](LogLevel of, const std::string& line) {
             // <priority> as printk(9) has it. What cannot be written has been said on standard
             // error.
             (void)write_attribute("/dev/kmsg",
                                   fmt::format("<{}>{}[{}]: {}\n",
                                               LOG_DAEMON | priority_of(of),
                                               kName,
                                               ::getpid(),
                                               without_name(line)));
           }});
}

}  // namespace kdump::ctl
