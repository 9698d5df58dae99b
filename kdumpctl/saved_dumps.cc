// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/saved_dumps.h"

#include "base/mount_table.h"
#include "base/text.h"
#include "config/device_node.h"
#include "config/dump_name.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <sys/stat.h>

namespace kdump::ctl {
namespace {

constexpr std::size_t kMostErrors = 5;

/// What `kdumpctl import` calls the folders of dumps from a raw target.
bool is_import(std::string_view name) {
  constexpr std::string_view kForm = "0000-00-00-00:00";
  return name.size() == kForm.size() &&
         std::equal(name.begin(), name.end(), kForm.begin(), [](char c, char form) {
           return form == '0' ? c >= '0' && c <= '9' : c == form;
         });
}

std::string date_of(const std::string& name) {
  return is_import(name) ? name : config::dump_date_of(name);
}

void find_vmcore(const SysRoot& root, SavedDump& dump) {
  struct Name {
    const char* name;
    bool complete;
  };
  constexpr std::array<Name, 4> kNames = {{{"vmcore", true},
                                           {"vmcore.flat", true},
                                           {"vmcore-incomplete", false},
                                           {"vmcore.flat-incomplete", false}}};
  for (const Name& candidate : kNames) {
    const std::string path = dump.folder + "/" + candidate.name;
    struct stat status {};
    if (::stat(root.path(path).c_str(), &status) != 0) continue;
    dump.vmcore = path;
    dump.complete = candidate.complete;
    dump.size = static_cast<std::uint64_t>(status.st_size);
    dump.saved = status.st_mtim.tv_sec;
    return;
  }
}

/// The line that says why, without its time stamp.
std::string panic_in(const std::string& messages) {
  for (const std::string_view line : split_lines(messages)) {
    const std::size_t at = line.find("Kernel panic - not syncing");
    if (at != std::string_view::npos) return escape_control(line.substr(at));
  }
  // Without it the log was cut short, or an oops led here directly.
  for (const std::string_view line : split_lines(messages)) {
    for (const std::string_view begin : {"BUG: ", "sysrq: Trigger a crash", "Oops: "}) {
      const std::size_t at = line.find(begin);
      if (at != std::string_view::npos) return escape_control(line.substr(at));
    }
  }
  return {};
}

/// "memory: 90000 of 190000 KiB available at the lowest; ..."
void read_memory(std::string_view line, CaptureReport& report) {
  const std::size_t at = line.find("memory: ");
  if (at == std::string_view::npos) return;
  const auto words = split_words(line.substr(at));
  if (words.size() < 5 || words[2] != "of" || words[4] != "KiB") return;
  report.lowest_memory_kib = parse_unsigned(words[1]);
  report.memory_kib = parse_unsigned(words[3]);
}

void read_log(const std::string& log, CaptureReport& report) {
  for (const std::string_view line : split_lines(log)) {
    const std::size_t at = line.find("ERROR: ");
    if (at != std::string_view::npos && report.errors.size() < kMostErrors) {
      report.errors.push_back(escape_control(line.substr(at + 7)));
    }
    read_memory(line, report);
  }
}

}  // namespace

Result<std::string> dump_folder(const SysRoot& root, const config::KdumpConfig& config) {
  if (std::holds_alternative<config::PathTarget>(config.target)) return config.path;
  if (std::holds_alternative<config::RawTarget>(config.target)) return config.path;
  const auto* target = std::get_if<config::FileSystemTarget>(&config.target);
  if (target == nullptr) return std::string();
  const MountTable mounts = TRY(MountTable::read(root));
  const MountPoint* mount = config::mount_of_device(root, mounts, target->device);
  if (mount == nullptr) return std::string();
  return (mount->mount_point == "/" ? "" : mount->mount_point) + config.path;
}

Result<std::vector<SavedDump>> saved_dumps(const SysRoot& root, const std::string& folder) {
  std::vector<SavedDump> dumps;
  const auto names = folder.empty() ? Result<std::vector<std::string>>(std::vector<std::string>())
                                    : root.list(folder);
  if (!names && names.error().kind == ErrorKind::kNotFound) return dumps;
  if (!names) return names.error();
  for (const std::string& name : *names) {
    SavedDump dump;
    dump.folder = (folder == "/" ? "" : folder) + "/" + name;
    dump.date = date_of(name);
    if (dump.date.empty() || !root.is_directory(dump.folder)) continue;
    dump.readable = root.list(dump.folder).has_value();
    if (dump.readable) find_vmcore(root, dump);
    dumps.push_back(std::move(dump));
  }
  std::stable_sort(dumps.begin(), dumps.end(), [](const SavedDump& a, const SavedDump& b) {
    return a.date < b.date;
  });
  return dumps;
}

CaptureReport report_on(const SysRoot& root, const SavedDump& dump) {
  CaptureReport report;
  if (const auto messages = root.read(dump.folder + "/vmcore-dmesg.txt")) {
    report.panic = panic_in(*messages);
  }
  const auto log = root.read(dump.folder + "/kexec-dmesg.log");
  report.has_log = log.has_value();
  if (log) read_log(*log, report);
  return report;
}

}  // namespace kdump::ctl
