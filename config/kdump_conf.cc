// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/kdump_conf.h"

#include "base/text.h"
#include "config/plain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace kdump::config {
namespace {

std::string_view without_outer_quotes(std::string_view value) {
  if (value.size() < 2 || !value.starts_with('"') || !value.ends_with('"')) return value;
  const std::string_view inner = value.substr(1, value.size() - 2);
  // "a" "b" is two quoted words, not one quoted value.
  return inner.find('"') == std::string_view::npos ? inner : value;
}

bool is_blank(char c) { return trim(std::string_view(&c, 1)).empty(); }

/// kdump-utils falls back to the default key; so does this, but says on which line.
void check_ssh_key(const SysRoot& root, CheckedConfig& checked) {
  if (!std::holds_alternative<SshTarget>(checked.config.target)) return;
  for (const ConfEntry& entry : checked.entries) {
    if (entry.name != "sshkey" || root.exists(checked.config.sshkey)) continue;
    const std::string fallback = KdumpConfig{}.sshkey;
    checked.diagnostics.push_back({Severity::kWarning,
                                   entry.file,
                                   entry.line,
                                   fmt::format("'{}' doesn't exist, using default value '{}'",
                                               escape_control(checked.config.sshkey),
                                               fallback),
                                   "Name the private key file that the dump server knows"});
    checked.config.sshkey = fallback;
  }
}

void check_fence_nodes(const SysRoot& root, CheckedConfig& checked) {
  constexpr std::array<std::string_view, 3> kLocalNames = {"localhost", "127.0.0.1", "::1"};
  // A host without a name has none to find among the nodes.
  const std::string host = root.read_value("/proc/sys/kernel/hostname").value_or("");
  for (const ConfEntry& entry : checked.entries) {
    if (entry.name != "fence_kdump_nodes") continue;
    for (const std::string& node : checked.config.fence_kdump_nodes) {
      const bool local = node == host || std::find(kLocalNames.begin(), kLocalNames.end(), node) !=
                                             kLocalNames.end();
      if (!local) continue;
      checked.diagnostics.push_back(
          {Severity::kError,
           entry.file,
           entry.line,
           fmt::format("Option fence_kdump_nodes cannot contain {}", escape_control(node)),
           "List only the other nodes of the cluster"});
    }
  }
}

/// FOLDER/*.conf; an absent folder has none.
Result<std::vector<std::string>> drop_ins(const SysRoot& root, const std::string& folder) {
  const auto names = root.list(folder);
  if (!names && names.error().kind == ErrorKind::kNotFound) return std::vector<std::string>();
  if (!names) return names.error();
  std::vector<std::string> paths;
  for (const std::string& name : *names) {
    if (name.ends_with(".conf") && !name.starts_with('.')) paths.push_back(folder + "/" + name);
  }
  return paths;
}

void override_with(std::vector<ConfEntry>& entries, std::vector<ConfEntry> later) {
  std::erase_if(entries, [&later](const ConfEntry& entry) {
    return std::any_of(later.begin(), later.end(), [&entry](const ConfEntry& other) {
      return setting_of(other.name) == setting_of(entry.name);
    });
  });
  std::move(later.begin(), later.end(), std::back_inserter(entries));
}

}  // namespace

std::vector<ConfEntry> parse_kdump_conf(std::string_view text, const std::string& file) {
  std::vector<ConfEntry> entries;
  int line_number = 0;
  for (const std::string_view line : split_lines(without_byte_order_mark(text))) {
    ++line_number;
    const auto hash = line.find('#');
    const std::string_view content = trim(line.substr(0, hash));
    if (content.empty()) continue;
    ConfEntry entry;
    entry.line = line_number;
    entry.file = file;
    entry.cut_by_hash = hash != std::string_view::npos && !is_blank(line[hash - 1]);
    const std::string_view name = split_words(content).front();
    entry.name = std::string(name);
    entry.value = std::string(without_outer_quotes(trim(content.substr(name.size()))));
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string_view setting_of(std::string_view directive) {
  constexpr std::array<std::string_view, 12> kTargets = {"raw",
                                                         "nfs",
                                                         "nfs4",
                                                         "net",
                                                         "ssh",
                                                         "virtiofs",
                                                         "ext2",
                                                         "ext3",
                                                         "ext4",
                                                         "xfs",
                                                         "btrfs",
                                                         "minix"};
  if (std::find(kTargets.begin(), kTargets.end(), directive) != kTargets.end()) {
    return "dump target";
  }
  return directive == "default" ? "failure_action" : directive;
}

Result<CheckedConfig> load_kdump_conf(const SysRoot& root, const std::string& path) {
  const auto text = root.read(path);
  if (!text && text.error().kind == ErrorKind::kNotFound) {
    return make_error(ErrorKind::kNotFound,
                      "Error: No kdump config file found! ({} is absent; an empty file means all "
                      "defaults)",
                      root.path(path));
  }
  if (!text) return unreadable_file(text.error());
  std::vector<ConfEntry> entries = parse_kdump_conf(*text, root.path(path));
  for (const std::string& drop_in : TRY(drop_ins(root, path + ".d"))) {
    const auto more = root.read(drop_in);
    if (!more) return unreadable_file(more.error());
    override_with(entries, parse_kdump_conf(*more, root.path(drop_in)));
  }
  CheckedConfig checked = check_kdump_conf_entries(std::move(entries));
  check_ssh_key(root, checked);
  check_fence_nodes(root, checked);
  sort_by_place(checked.diagnostics);
  return checked;
}

}  // namespace kdump::config
