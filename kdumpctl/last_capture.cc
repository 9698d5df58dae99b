// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/last_capture.h"

#include "kdumpctl/saved_dumps.h"

namespace kdump::ctl {

Result<std::optional<LastCapture>> last_capture(const SysRoot& root,
                                                const config::KdumpConfig& config) {
  const auto dumps = TRY(saved_dumps(root, TRY(dump_folder(root, config))));
  if (dumps.empty()) return std::optional<LastCapture>();
  return std::optional(LastCapture{.dump = dumps.back(), .report = report_on(root, dumps.back())});
}

std::string summary_of(const LastCapture& last) {
  const SavedDump& dump = last.dump;
  if (dump.complete) {
    return fmt::format("Last capture {}: saved {}", dump.date, dump.vmcore);
  }
  if (!dump.readable) {
    return fmt::format("Last capture {}: {}, which only root can read", dump.date, dump.folder);
  }
  if (!last.report.has_log) {
    return fmt::format(
        "The capture of {} was interrupted: {} has neither vmcore nor kexec-dmesg.log",
        dump.date,
        dump.folder);
  }
  const std::string errors = fmt::format("{}", fmt::join(last.report.errors, "; "));
  return fmt::format("The capture of {} left no vmcore: {} (see {}/kexec-dmesg.log)",
                     dump.date,
                     errors.empty() ? "it was interrupted" : errors,
                     dump.folder);
}

}  // namespace kdump::ctl
