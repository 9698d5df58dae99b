// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/collector_command.h"

#include "base/subprocess.h"
#include "base/text.h"
#include "config/capture_plan.h"
#include "mkdumprd/host_path.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace kdump::mkdumprd {
namespace {

constexpr const char* kReason = "core_collector";
/// Programs that copy. With dd, what would leave out a part of the dump.
constexpr std::array<std::string_view, 4> kCopiers = {"cp", "cat", "dd", "scp"};
constexpr std::array<std::string_view, 4> kCutting = {"count=", "skip=", "seek=", "iseek="};

CollectorCommand makedumpfile(const std::vector<std::string>& words) {
  CollectorCommand out;
  out.argv = {config::kImageCollectorPath, "makedumpfile"};
  std::copy_if(
      words.begin() + 1, words.end(), std::back_inserter(out.argv), [](const std::string& word) {
        return word != "-F";
      });
  return out;
}

Result<CollectorCommand> copier(const std::vector<std::string>& words) {
  CollectorCommand out;
  out.argv = {config::kImageCollectorPath, "makedumpfile", "-E", "-d", "0"};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool cuts = std::any_of(kCutting.begin(), kCutting.end(), [&](std::string_view option) {
      return word.starts_with(option);
    });
    if (cuts) {
      return make_error(ErrorKind::kUsage,
                        "core_collector \"{}\" in kdump.conf: \"{}\" would save a part of the "
                        "vmcore only. Remove it",
                        words.front(),
                        escape_control(word));
    }
    out.warnings.push_back(fmt::format(
        "\"{}\" of core_collector \"{}\" is ignored: the vmcore is copied by the collector",
        escape_control(word),
        words.front()));
  }
  return out;
}

/// The path by which a program is called: programs of many names look at the one they are given.
std::string called_path(const HostPath& host, const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const HostLink& link : host.links) {
    if (name_of(link.path) == name) return link.path;
  }
  return host.file;
}

}  // namespace

Result<CollectorCommand> plan_collector(const SysRoot& root,
                                        const std::vector<std::string>& core_collector) {
  CollectorCommand out;
  out.argv = {config::kImageCollectorPath};
  if (core_collector.empty()) return out;
  const std::string_view name = name_of(core_collector.front());
  if (name == "makedumpfile") return makedumpfile(core_collector);
  if (std::find(kCopiers.begin(), kCopiers.end(), name) != kCopiers.end()) {
    return copier(core_collector);
  }
  const WantedProgram wanted{core_collector.front(), kReason};
  const HostPath host = TRY(find_program(root, wanted));
  out.argv = core_collector;
  out.argv.front() = called_path(host, core_collector.front());
  out.programs = {wanted};
  return out;
}

Status check_collector(const std::string& program, const std::vector<std::string>& argv) {
  if (argv.front() != config::kImageCollectorPath) return {};
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
