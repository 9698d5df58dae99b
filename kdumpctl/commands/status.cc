// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/atomic_file.h"
#include "base/exit_code.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/output.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/status_report.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl::commands {

/// For any user, without a lock: monitoring asks every minute, a rebuild included.
Result<int> status(const Context& context) {
  bool why = false;
  bool json = false;
  std::string metrics;
  CLI::App app("Says whether a panic kernel is loaded: exit code 0, or 3.", "kdumpctl status");
  app.add_flag("--why", why, "Each change that makes the capture image out of date");
  app.add_flag("--json", json, "As one JSON object, sizes in bytes");
  app.add_option("--prometheus", metrics, "Write metrics to this file, or - for standard output")
      ->type_name("FILE")
      ->excludes("--json");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  const StatusReport report = TRY(read_status(context.root));
  if (json) {
    TRY(print_json(status_json(report)));
  } else if (metrics == "-") {
    TRY(print_text(status_metrics(report)));
  } else if (!metrics.empty()) {
    TRY(write_file_atomically(metrics, 0644, status_metrics(report)));
  } else {
    context.log.info("{}",
                     report.operational ? "Kdump is operational" : "Kdump is not operational");
    report_status(context, report, why);
  }
  return report.operational ? kExitOk : kExitNotOperational;
}

}  // namespace kdump::ctl::commands
