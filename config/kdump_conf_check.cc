// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"
#include "config/kdump_conf.h"
#include "config/plain_text.h"
#include "config/quoted_words.h"
#include "config/spill_area.h"
#include "config/suggestion.h"
#include "config/target_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

namespace kdump::config {
namespace {

/// Turns directives into settings one by one, in the order of the file, and notes every finding.
class ConfChecker {
 public:
  static std::vector<std::string_view> option_names();
  void add(const ConfEntry& entry);
  CheckedConfig finish(std::vector<ConfEntry> entries) &&;

 private:
  using Handler = void (ConfChecker::*)(const ConfEntry&);
  struct Directive {
    std::string_view name;
    Handler handler;
  };
  static const std::array<Directive, 39> kDirectives;

  void error(const ConfEntry& entry, std::string message, std::string remedy);
  void warning(const ConfEntry& entry, std::string message, std::string remedy);
  void invalid_value(const ConfEntry& entry, std::string remedy);
  void unknown(const ConfEntry& entry);
  bool text_is_usable(const ConfEntry& entry);
  bool is_first(const ConfEntry& entry, std::string_view name);
  bool split(const ConfEntry& entry, std::vector<std::string>& words);
  void set_target(const ConfEntry& entry, DumpTarget target);

  void file_system(const ConfEntry& entry);
  void raw(const ConfEntry& entry);
  void nfs(const ConfEntry& entry);
  void ssh(const ConfEntry& entry);
  void virtiofs(const ConfEntry& entry);
  void fallback_target(const ConfEntry& entry);
  void spill_device(const ConfEntry& entry);
  void path(const ConfEntry& entry);
  void keep_dumps(const ConfEntry& entry);
  void keep_free(const ConfEntry& entry);
  void core_collector(const ConfEntry& entry);
  void sshkey(const ConfEntry& entry);
  void hook(const ConfEntry& entry);
  void word_list(const ConfEntry& entry);
  void failure_action(const ConfEntry& entry);
  void final_action(const ConfEntry& entry);
  void force(const ConfEntry& entry);
  void auto_reset_crashkernel(const ConfEntry& entry);
  void dracut_args(const ConfEntry& entry);
  void dracut_mount(const ConfEntry& entry, const std::string& specification);

  void old_nfs4(const ConfEntry& entry);
  void old_net(const ConfEntry& entry);
  void old_default(const ConfEntry& entry);
  void old_without_meaning(const ConfEntry& entry);
  void old_module_setting(const ConfEntry& entry);

  bool in_fallback_ = false;  ///< the target that is being read is a fallback
  CheckedConfig checked_;
  std::map<std::string, ConfEntry, std::less<>> first_;
  std::optional<ConfEntry> force_rebuild_;
  std::optional<ConfEntry> force_no_rebuild_;
};

const std::array<ConfChecker::Directive, 39> ConfChecker::kDirectives = {{
    {"fallback_target", &ConfChecker::fallback_target},
    {"spill_device", &ConfChecker::spill_device},
    {"raw", &ConfChecker::raw},
    {"nfs", &ConfChecker::nfs},
    {"ssh", &ConfChecker::ssh},
    {"virtiofs", &ConfChecker::virtiofs},
    {"ext2", &ConfChecker::file_system},
    {"ext3", &ConfChecker::file_system},
    {"ext4", &ConfChecker::file_system},
    {"xfs", &ConfChecker::file_system},
    {"btrfs", &ConfChecker::file_system},
    {"minix", &ConfChecker::file_system},
    {"path", &ConfChecker::path},
    {"keep_dumps", &ConfChecker::keep_dumps},
    {"keep_free", &ConfChecker::keep_free},
    {"core_collector", &ConfChecker::core_collector},
    {"sshkey", &ConfChecker::sshkey},
    {"kdump_pre", &ConfChecker::hook},
    {"kdump_post", &ConfChecker::hook},
    {"kdump_emergency", &ConfChecker::hook},
    {"extra_bins", &ConfChecker::word_list},
    {"extra_modules", &ConfChecker::word_list},
    {"fence_kdump_nodes", &ConfChecker::word_list},
    {"fence_kdump_args", &ConfChecker::word_list},
    {"failure_action", &ConfChecker::failure_action},
    {"final_action", &ConfChecker::final_action},
    {"force_rebuild", &ConfChecker::force},
    {"force_no_rebuild", &ConfChecker::force},
    {"auto_reset_crashkernel", &ConfChecker::auto_reset_crashkernel},
    {"dracut_args", &ConfChecker::dracut_args},
    // Names of RHEL 5 and 6 and of later releases that gave them up.
    {"nfs4", &ConfChecker::old_nfs4},
    {"net", &ConfChecker::old_net},
    {"default", &ConfChecker::old_default},
    {"link_delay", &ConfChecker::old_without_meaning},
    {"disk_timeout", &ConfChecker::old_without_meaning},
    {"debug_mem_level", &ConfChecker::old_without_meaning},
    {"override_resettable", &ConfChecker::old_without_meaning},
    {"blacklist", &ConfChecker::old_module_setting},
    {"options", &ConfChecker::old_module_setting},
}};

std::string shown(const std::string& text) { return escape_control(text); }

std::string keep_one(const ConfEntry& a, const ConfEntry& b) {
  if (a.file == b.file) return fmt::format("Keep one of the lines {} and {}", a.line, b.line);
  return fmt::format("Keep one of {}:{} and {}:{}", a.file, a.line, b.file, b.line);
}

void ConfChecker::error(const ConfEntry& entry, std::string message, std::string remedy) {
  checked_.diagnostics.push_back(
      {Severity::kError, entry.file, entry.line, std::move(message), std::move(remedy)});
}

void ConfChecker::warning(const ConfEntry& entry, std::string message, std::string remedy) {
  checked_.diagnostics.push_back(
      {Severity::kWarning, entry.file, entry.line, std::move(message), std::move(remedy)});
}

void ConfChecker::invalid_value(const ConfEntry& entry, std::string remedy) {
  error(entry,
        fmt::format("Invalid kdump config value for option '{}'", entry.name),
        std::move(remedy));
}

std::vector<std::string_view> ConfChecker::option_names() {
  std::vector<std::string_view> names;
  names.reserve(kDirectives.size());
  for (const Directive& directive : kDirectives) names.push_back(directive.name);
  return names;
}

void ConfChecker::unknown(const ConfEntry& entry) {
  const auto equals = entry.name.find('=');
  const auto close = suggestion(entry.name.substr(0, equals), option_names());
  std::string remedy =
      "kdump.conf(5) lists the options; put a '#' before a line that is to be ignored";
  if (close && equals != std::string::npos) {
    remedy = fmt::format("Write '{}' without '=', a blank between option and value", *close);
  } else if (close) {
    remedy = fmt::format("Did you mean '{}'?", *close);
  }
  error(entry, fmt::format("Invalid kdump config option {}", shown(entry.name)), std::move(remedy));
}

bool ConfChecker::text_is_usable(const ConfEntry& entry) {
  const auto problem = text_problem(entry.value);
  if (problem) invalid_value(entry, fmt::format("The value {}; write it anew", *problem));
  return !problem;
}

/// Remembers `name`; a second one is an error. An option that failed for its value counts as given.
bool ConfChecker::is_first(const ConfEntry& entry, std::string_view name) {
  const auto [place, inserted] = first_.emplace(std::string(name), entry);
  if (inserted) return true;
  error(entry,
        fmt::format("Duplicated kdump config value of option {}", name),
        keep_one(place->second, entry));
  return false;
}

bool ConfChecker::split(const ConfEntry& entry, std::vector<std::string>& words) {
  auto result = split_quoted_words(entry.value);
  if (!result) {
    invalid_value(entry,
                  fmt::format("The value has {}; close or remove it", result.error().message));
    return false;
  }
  words = std::move(*result);
  return true;
}

void ConfChecker::add(const ConfEntry& entry) {
  const auto directive =
      std::find_if(kDirectives.begin(), kDirectives.end(), [&entry](const Directive& row) {
        return row.name == entry.name;
      });
  if (directive == kDirectives.end() || entry.name.empty()) return unknown(entry);
  if (entry.cut_by_hash) {
    warning(entry,
            fmt::format("the value of '{}' ends at '#', where a comment begins", entry.name),
            "kdump.conf has no way to write a '#' in a value; put a blank before a comment");
  }
  if (entry.value.empty()) {
    return invalid_value(
        entry, fmt::format("Give '{}' a value, or put a '#' before the line", entry.name));
  }
  if (text_is_usable(entry)) (this->*directive->handler)(entry);
}

void ConfChecker::set_target(const ConfEntry& entry, DumpTarget target) {
  if (in_fallback_) return checked_.config.fallback_targets.push_back(std::move(target));
  const auto [place, inserted] = first_.emplace("dump target", entry);
  if (!inserted) {
    return error(entry, "More than one dump targets specified", keep_one(place->second, entry));
  }
  checked_.config.target = std::move(target);
}

constexpr const char* kDeviceRemedy =
    "Name a block device as /dev/..., UUID=..., LABEL=..., PARTUUID=... or PARTLABEL=...";

void ConfChecker::file_system(const ConfEntry& entry) {
  auto device = parse_device(entry.value);
  if (!device) return invalid_value(entry, kDeviceRemedy);
  set_target(entry, FileSystemTarget{entry.name, std::move(*device), "", ""});
}

void ConfChecker::raw(const ConfEntry& entry) {
  auto device = parse_device(entry.value);
  if (!device) return invalid_value(entry, kDeviceRemedy);
  set_target(entry, RawTarget{std::move(*device)});
}

void ConfChecker::nfs(const ConfEntry& entry) {
  auto target = parse_nfs_target(entry.value);
  if (!target) {
    return invalid_value(entry, "Write it as 'nfs server:/export', an IPv6 address in brackets");
  }
  set_target(entry, std::move(*target));
}

void ConfChecker::ssh(const ConfEntry& entry) {
  auto target = parse_ssh_target(entry.value);
  if (!target) {
    return error(entry,
                 fmt::format("Invalid ssh destination {} provided", shown(entry.value)),
                 fmt::format("Please verify that {} contains 'ssh <user>@<host>' and that it is "
                             "properly formatted",
                             entry.file));
  }
  set_target(entry, std::move(*target));
}

void ConfChecker::virtiofs(const ConfEntry& entry) {
  set_target(entry, VirtiofsTarget{entry.value});
}

void ConfChecker::fallback_target(const ConfEntry& entry) {
  constexpr std::array<std::string_view, 10> kKinds = {
      "raw", "nfs", "ssh", "virtiofs", "ext2", "ext3", "ext4", "xfs", "btrfs", "minix"};
  ConfEntry inner = entry;
  const auto words = split_words(entry.value);
  inner.name = words.empty() ? std::string() : std::string(words.front());
  inner.value = trim(std::string_view(entry.value).substr(inner.name.size()));
  if (std::find(kKinds.begin(), kKinds.end(), inner.name) == kKinds.end() || inner.value.empty()) {
    return invalid_value(entry, "Write it as a target: fallback_target ext4 UUID=...");
  }
  const auto directive = std::find_if(kDirectives.begin(),
                                      kDirectives.end(),
                                      [&](const Directive& d) { return d.name == inner.name; });
  in_fallback_ = true;
  (this->*directive->handler)(inner);
  in_fallback_ = false;
}

void ConfChecker::spill_device(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  const auto words = split_words(entry.value);
  const auto size = words.size() == 2 ? parse_size(words[1]) : std::uint64_t{0};
  const auto device = words.size() > 2 ? std::nullopt : parse_device(words.front());
  if (!device || !size) {
    return invalid_value(entry, "Write it as 'spill_device PARTUUID=... [size]', a size as 1M");
  }
  if (device->starts_with("UUID=") || device->starts_with("LABEL=")) {
    return invalid_value(entry,
                         "A UUID and a LABEL belong to a file system, which a spill device must "
                         "not have. Name an empty partition as /dev/... or PARTUUID=...");
  }
  if (*size != 0 && *size < kLeastSpillArea) {
    return invalid_value(entry, fmt::format("Give it {} KiB or more", kLeastSpillArea >> 10U));
  }
  checked_.config.spill_device = SpillDevice{*device, *size};
}

void ConfChecker::path(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  std::string path;
  for (const std::string_view part : kdump::split(entry.value, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return invalid_value(entry, "Write the path without '..'");
    path += "/" + std::string(part);
  }
  if (path.find('$') != std::string::npos) {
    warning(entry,
            fmt::format("the path '{}' is taken as it stands", entry.value),
            "Nothing is expanded in it: dumps are named after the host and the date anyway");
  }
  if (!entry.value.starts_with('/')) {
    warning(entry,
            fmt::format("the path '{}' does not begin with '/'", entry.value),
            fmt::format("It is read as '{}'; write it so", path));
  }
  checked_.config.path = path.empty() ? "/" : path;
}

void ConfChecker::keep_dumps(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  constexpr std::uint64_t kMost = 10'000;
  const auto number = parse_unsigned(entry.value);
  if (!number || *number < 1 || *number > kMost) {
    return invalid_value(entry, "Write how many dumps may be on the target, 1 to 10000");
  }
  checked_.config.keep_dumps = static_cast<unsigned>(*number);
}

void ConfChecker::keep_free(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;
  const auto bytes = parse_size(entry.value);
  if (!bytes || *bytes < 1 || *bytes > kMost) {
    return invalid_value(entry, "Write how much stays free on the target: 2G");
  }
  checked_.config.keep_free = *bytes;
}

void ConfChecker::core_collector(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  std::vector<std::string> words;
  if (!split(entry, words)) return;
  if (words.empty() || words.front().empty()) {
    return invalid_value(entry, "Name a program, or leave the option out for the native collector");
  }
  checked_.config.core_collector = std::move(words);
}

void ConfChecker::sshkey(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  if (!entry.value.starts_with('/')) {
    return invalid_value(entry, "Give the absolute path of a private key");
  }
  checked_.config.sshkey = entry.value;
}

void ConfChecker::hook(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  if (!entry.value.starts_with('/')) {
    return invalid_value(entry, "Give the absolute path of an executable file, without arguments");
  }
  KdumpConfig& config = checked_.config;
  std::string& setting = entry.name == "kdump_pre"    ? config.kdump_pre
                         : entry.name == "kdump_post" ? config.kdump_post
                                                      : config.kdump_emergency;
  setting = entry.value;
}

void ConfChecker::word_list(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  KdumpConfig& config = checked_.config;
  std::vector<std::string>& setting = entry.name == "extra_bins"          ? config.extra_bins
                                      : entry.name == "extra_modules"     ? config.extra_modules
                                      : entry.name == "fence_kdump_nodes" ? config.fence_kdump_nodes
                                                                          : config.fence_kdump_args;
  split(entry, setting);
}

void ConfChecker::failure_action(const ConfEntry& entry) {
  if (!is_first(entry, "failure_action")) return;
  const auto action = parse_failure_action(entry.value);
  if (!action) {
    return error(entry,
                 fmt::format("Invalid failure_action '{}'", shown(entry.value)),
                 "Usage kdump.conf: failure_action {reboot|halt|poweroff|shell|dump_to_rootfs}");
  }
  checked_.config.failure_action = *action;
}

void ConfChecker::final_action(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  const auto action = parse_final_action(entry.value);
  if (!action) {
    return error(entry,
                 fmt::format("Invalid final_action '{}'", shown(entry.value)),
                 "Usage kdump.conf: final_action {reboot|halt|poweroff}");
  }
  checked_.config.final_action = *action;
}

void ConfChecker::force(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  if (entry.value != "0" && entry.value != "1") {
    return error(entry,
                 fmt::format("Error: {} value is invalid", entry.name),
                 fmt::format("Write '{0} 0' or '{0} 1'", entry.name));
  }
  if (entry.value != "1") return;
  const bool rebuild = entry.name == "force_rebuild";
  (rebuild ? checked_.config.force_rebuild : checked_.config.force_no_rebuild) = true;
  (rebuild ? force_rebuild_ : force_no_rebuild_) = entry;
}

void ConfChecker::auto_reset_crashkernel(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  checked_.config.auto_reset_crashkernel = entry.value != "no";
  if (entry.value != "yes" && entry.value != "no") {
    warning(entry,
            fmt::format("the value '{}' of 'auto_reset_crashkernel' counts as yes", entry.value),
            "Write yes or no");
  }
}

void ConfChecker::dracut_args(const ConfEntry& entry) {
  if (!is_first(entry, entry.name)) return;
  std::vector<std::string> words;
  if (!split(entry, words)) return;
  constexpr std::string_view kMount = "--mount";
  std::vector<std::string> mounts;
  std::vector<std::string> others;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == kMount && i + 1 < words.size()) {
      mounts.push_back(words[++i]);
    } else if (words[i].starts_with(std::string(kMount) + "=")) {
      mounts.push_back(words[i].substr(kMount.size() + 1));
    } else if (words[i] == kMount) {
      return invalid_value(entry,
                           "Write --mount \"<device> <mount point> <file system> <options>\"");
    } else {
      others.push_back(words[i]);
    }
  }
  checked_.config.dracut_args = std::move(others);
  if (mounts.size() > 1) {
    return error(entry,
                 "Multiple mount targets specified in one \"dracut_args\".",
                 "Keep the one --mount that is the dump target");
  }
  if (!mounts.empty()) dracut_mount(entry, mounts.front());
}

void ConfChecker::dracut_mount(const ConfEntry& entry, const std::string& specification) {
  const auto fields = split_words(specification);
  if (fields.size() < 3) {
    return invalid_value(entry, "Write --mount \"<device> <mount point> <file system> <options>\"");
  }
  const std::string options(fields.size() > 3 ? fields[3] : "");
  const std::string_view fs_type = fields[2];
  if (fs_type == "nfs" || fs_type == "nfs4") {
    auto target = parse_nfs_target(fields[0]);
    if (!target) return invalid_value(entry, "The device of an nfs --mount is 'server:/export'");
    target->options = options;
    return set_target(entry, std::move(*target));
  }
  if (fs_type == "virtiofs") return set_target(entry, VirtiofsTarget{std::string(fields[0])});
  auto device = parse_device(fields[0]);
  if (!device) return invalid_value(entry, kDeviceRemedy);
  set_target(
      entry,
      FileSystemTarget{std::string(fs_type), std::move(*device), std::string(fields[1]), options});
}

void ConfChecker::old_nfs4(const ConfEntry& entry) {
  warning(entry, "Option 'nfs4' is an old name of 'nfs'", "Write 'nfs' instead of 'nfs4'");
  nfs(entry);
}

void ConfChecker::old_net(const ConfEntry& entry) {
  constexpr const char* kDeprecated =
      "Deprecated kdump config option: net. Refer to kdump.conf manpage for alternatives.";
  if (auto target = parse_nfs_target(entry.value)) {
    warning(entry, kDeprecated, fmt::format("It is read as 'nfs {0}'; write it so", entry.value));
    return set_target(entry, std::move(*target));
  }
  if (auto target = parse_ssh_target(entry.value)) {
    warning(entry, kDeprecated, fmt::format("It is read as 'ssh {0}'; write it so", entry.value));
    return set_target(entry, std::move(*target));
  }
  error(entry, kDeprecated, "Write 'nfs server:/export' or 'ssh user@host'");
}

void ConfChecker::old_default(const ConfEntry& entry) {
  ConfEntry renamed = entry;
  renamed.name = "failure_action";
  if (renamed.value == "mount_root_run_init") renamed.value = "dump_to_rootfs";
  warning(entry,
          "Option 'default' was renamed 'failure_action' and will be removed in the future.",
          fmt::format("Please update {} to use option 'failure_action' instead", entry.file));
  failure_action(renamed);
}

void ConfChecker::old_without_meaning(const ConfEntry& entry) {
  const bool waits = entry.name == "link_delay" || entry.name == "disk_timeout";
  warning(entry,
          fmt::format("Deprecated kdump config option: {}. Refer to kdump.conf manpage for "
                      "alternatives.",
                      entry.name),
          waits ? "It is ignored: the capture kernel waits for devices by itself. Remove the line"
                : "It is ignored. Remove the line");
}

void ConfChecker::old_module_setting(const ConfEntry& entry) {
  error(entry,
        fmt::format("Deprecated kdump config option: {}. Refer to kdump.conf manpage for "
                    "alternatives.",
                    entry.name),
        entry.name == "blacklist"
            ? "Add module_blacklist=MODULE,... to KDUMP_COMMANDLINE_APPEND in "
              "/etc/sysconfig/kdump and remove the line"
            : "Add MODULE.PARAMETER=VALUE to KDUMP_COMMANDLINE_APPEND in /etc/sysconfig/kdump and "
              "remove the line");
}

CheckedConfig ConfChecker::finish(std::vector<ConfEntry> entries) && {
  if (force_rebuild_ && force_no_rebuild_) {
    const bool in_order = std::tie(force_rebuild_->file, force_rebuild_->line) <
                          std::tie(force_no_rebuild_->file, force_no_rebuild_->line);
    error(in_order ? *force_no_rebuild_ : *force_rebuild_,
          "Error: force_rebuild and force_no_rebuild are enabled simultaneously in kdump.conf",
          keep_one(*force_rebuild_, *force_no_rebuild_));
  }
  sort_by_place(checked_.diagnostics);
  checked_.entries = std::move(entries);
  return std::move(checked_);
}

}  // namespace

std::vector<std::string_view> kdump_conf_options() { return ConfChecker::option_names(); }

CheckedConfig check_kdump_conf(std::string_view text, const std::string& file) {
  return check_kdump_conf_entries(parse_kdump_conf(text, file));
}

CheckedConfig check_kdump_conf_entries(std::vector<ConfEntry> entries) {
  ConfChecker checker;
  for (const ConfEntry& entry : entries) checker.add(entry);
  return std::move(checker).finish(std::move(entries));
}

}  // namespace kdump::config
