// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/collector_command.h"

#include "base/subprocess.h"
#include "base/text.h"
#include "config/capture_plan.h"
#include "mkdumprd/host_path.h"

#include <chrono>

namespace kdump::mkdumprd {

Result<std::vector<std::string>> plan_collector(const std::vector<std::string>& core_collector) {
  if (core_collector.empty()) return std::vector<std::string>{config::kImageCollectorPath};
  if (name_of(core_collector.front()) != "makedumpfile") {
    return make_error(
        ErrorKind::kUnsupported,
        "core_collector \"{}\" in kdump.conf is not supported by this version. Remove "
        "the line for the default, or use makedumpfile and its options",
        escape_control(core_collector.front()));
  }
  std::vector<std::string> argv = {config::kImageCollectorPath, "makedumpfile"};
  for (std::size_t i = 1; i < core_collector.size(); ++i) {
    if (core_collector[i] != "-F") argv.push_back(core_collector[i]);
  }
  return argv;
}

Status check_collector(const std::string& program, const std::vector<std::string>& argv) {
  std::vector<std::string> command = argv;
  command.front() = program;
  // All options are read before the version is printed, and none of them is carried out.
  command.emplace_back("--version");
  const CommandOutput output = TRY(run_command(command, std::chrono::seconds(10)));
  if (output.status.success()) return {};
  return make_error(ErrorKind::kUsage,
                    "makedumpfile parameter check failed. ({}) Repair core_collector in kdump.conf",
                    output.status.describe());
}

}  // namespace kdump::mkdumprd
