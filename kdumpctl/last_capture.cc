// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/last_capture.h"

#include "base/mount_table.h"
#include "base/text.h"
#include "config/dump_name.h"

#include <algorithm>
#include <vector>

namespace kdump::ctl {
namespace {

constexpr std::size_t kMostErrors = 5;

/// Where the dumps of a local target are on the running host; "" when that cannot be told.
Result<std::string> dump_folder(const SysRoot& root, const config::KdumpConfig& config) {
  if (std::holds_alternative<config::PathTarget>(config.target)) return config.path;
  const auto* target = std::get_if<config::FileSystemTarget>(&config.target);
  if (target == nullptr || !target->device.starts_with("/dev/")) return std::string();
  const MountTable mounts = TRY(MountTable::read(root));
  const MountPoint* mount = mounts.of_source(target->device);
  return mount == nullptr ? std::string() : mount->mount_point + config.path;
}

std::string errors_in(const std::string& log) {
  std::vector<std::string> errors;
  for (const std::string_view line : split_lines(log)) {
    const std::size_t at = line.find("ERROR: ");
    if (at != std::string_view::npos) errors.push_back(escape_control(line.substr(at + 7)));
  }
  if (errors.size() > kMostErrors) errors.resize(kMostErrors);
  return fmt::format("{}", fmt::join(errors, "; "));
}

}  // namespace

Result<std::optional<std::string>> explain_missing_vmcore(const SysRoot& root,
                                                          const config::KdumpConfig& config) {
  const std::string folder = TRY(dump_folder(root, config));
  const auto names = folder.empty() ? Result<std::vector<std::string>>(std::vector<std::string>())
                                    : root.list(folder);
  if (!names) return std::optional<std::string>();  // no dump was ever saved there
  std::string newest;
  for (const std::string& name : *names) {
    if (config::dump_date_of(name) > config::dump_date_of(newest)) newest = name;
  }
  const std::string dump = folder + "/" + newest;
  if (newest.empty() || root.exists(dump + "/vmcore") || root.exists(dump + "/vmcore.flat")) {
    return std::optional<std::string>();
  }
  const auto log = root.read(dump + "/kexec-dmesg.log");
  if (!log) {
    return std::optional(
        fmt::format("The capture of {} was interrupted: {} has neither vmcore nor kexec-dmesg.log",
                    config::dump_date_of(newest),
                    dump));
  }
  const std::string errors = errors_in(*log);
  return std::optional(fmt::format("The capture of {} left no vmcore: {} (see {}/kexec-dmesg.log)",
                                   config::dump_date_of(newest),
                                   errors.empty() ? "it was interrupted" : errors,
                                   dump));
}

}  // namespace kdump::ctl
