// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/systemd_boot.h"

#include "base/text.h"
#include "kdumpctl/boot/bls_entry.h"
#include "kdumpctl/boot/efi_variables.h"
#include "kdumpctl/boot/unified_image.h"

#include <algorithm>
#include <fnmatch.h>
#include <optional>
#include <set>

namespace kdump::boot {
namespace {

constexpr const char* kPartitions[] = {"/efi", "/boot", "/boot/efi"};

/// With the suffix, as systemd-boot shows and stores it.
std::string full_id(const BlsEntry& entry) { return entry.id + (entry.unified ? ".efi" : ".conf"); }

bool same_id(const BlsEntry& entry, const std::string& wanted) {
  return full_id(entry) == wanted || entry.id == wanted;
}

bool matches_pattern(const BlsEntry& entry, const std::string& pattern) {
  return ::fnmatch(pattern.c_str(), full_id(entry).c_str(), FNM_CASEFOLD) == 0 ||
         ::fnmatch(pattern.c_str(), entry.id.c_str(), FNM_CASEFOLD) == 0;
}

struct Choice {
  std::string pattern;
  std::string source;  ///< "FILE:LINE"
};

/// `default PATTERN` of the partitions' loader.conf, the first that has one.
std::optional<Choice> configured_default(const SysRoot& root) {
  for (const char* partition : kPartitions) {
    const std::string path = std::string(partition) + "/loader/loader.conf";
    const auto text = root.read(path);
    if (!text) continue;
    int number = 0;
    for (const std::string_view line : split(*text, '\n')) {
      ++number;
      const auto words = split_words(line);
      if (words.size() < 2 || words[0] != "default") continue;
      return Choice{std::string(words[1]), fmt::format("{}:{}", root.path(path), number)};
    }
  }
  return std::nullopt;
}

void choose_default(const SysRoot& root, const std::vector<BlsEntry>& entries, BootMenu& menu) {
  const auto choose = [&](const auto& matches, std::string reason) {
    const auto found = std::find_if(entries.begin(), entries.end(), matches);
    if (found == entries.end()) return false;
    menu.default_entry = static_cast<std::size_t>(found - entries.begin());
    menu.default_reason = std::move(reason);
    return true;
  };
  for (const char* variable : {"LoaderEntryOneShot", "LoaderEntryDefault"}) {
    const std::string wanted = loader_variable(root, variable);
    if (wanted.empty()) continue;
    const auto same = [&wanted](const BlsEntry& entry) { return same_id(entry, wanted); };
    const bool once = std::string_view(variable) == "LoaderEntryOneShot";
    if (choose(same,
               fmt::format("the EFI variable {}{}", variable, once ? ", for one boot" : ""))) {
      if (once) {
        menu.one_shot =
            OneShot{OneShot::Kind::kEfiVariable, loader_variable_path(variable), variable};
      }
      return;
    }
    menu.warnings.push_back(
        fmt::format("the EFI variable {} names \"{}\", which does not exist", variable, wanted));
  }
  if (auto configured = configured_default(root)) {
    if (configured->pattern == "@saved") {
      configured->pattern = loader_variable(root, "LoaderEntryLastBooted");
    }
    const auto matches = [&configured](const BlsEntry& entry) {
      return matches_pattern(entry, configured->pattern);
    };
    if (choose(matches, fmt::format("default in {}", configured->source))) return;
    menu.warnings.push_back(fmt::format("{}: the default \"{}\" matches no entry",
                                        configured->source,
                                        escape_control(configured->pattern)));
  }
  menu.default_reason = "nothing is chosen, so it is the first entry";
}

BootEntry boot_entry(const SysRoot& root, const BootFiles& files, const BlsEntry& entry) {
  BootEntry result;
  result.id = full_id(entry);
  result.title = entry.title.empty() ? entry.id : entry.title;
  result.version = entry.version;
  result.source = root.path(entry.path);
  result.command_line = entry.options;
  if (entry.kernel.empty()) {
    result.problem = fmt::format("it boots something else than Linux ({})", entry.other);
    return result;
  }
  result.kernel = entry.unified ? entry.path : files.find("", entry.kernel, entry.path);
  for (const std::string& initrd : entry.initrds) {
    result.initrds.push_back(files.find("", initrd, entry.path));
  }
  return result;
}

}  // namespace

bool booted_by_systemd_boot(const SysRoot& root) {
  return loader_variable(root, "LoaderInfo").starts_with("systemd-boot");
}

Result<BootMenu> read_systemd_boot(const SysRoot& root, const BootFiles& files) {
  BootMenu menu;
  menu.loader = "systemd-boot";
  BlsFolder all;
  std::set<std::string> seen;  // one folder can be reached by two of the paths
  for (const char* partition : kPartitions) {
    const auto resolved = root.resolve(partition);
    if (!resolved || !seen.insert(*resolved).second) continue;
    BlsFolder folder = TRY(read_bls_folder(root, *resolved + "/loader/entries"));
    std::move(folder.entries.begin(), folder.entries.end(), std::back_inserter(all.entries));
    std::move(folder.warnings.begin(), folder.warnings.end(), std::back_inserter(all.warnings));
    TRY(add_unified_images(root, *resolved + "/EFI/Linux", all));
  }
  std::sort(all.entries.begin(), all.entries.end(), before_in_menu);
  menu.warnings = std::move(all.warnings);
  choose_default(root, all.entries, menu);
  for (const BlsEntry& entry : all.entries) menu.entries.push_back(boot_entry(root, files, entry));
  return menu;
}

}  // namespace kdump::boot
