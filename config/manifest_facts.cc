// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mount_table.h"
#include "base/text.h"
#include "config/device_node.h"
#include "config/image_manifest.h"
#include "config/resolver_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace kdump::config {
namespace {

constexpr int kDeepest = 8;  // layers of volumes, as mkdumprd goes through them

using Names = std::set<std::string>;

/// Nothing where there is no such folder.
std::vector<std::string> names_in(const SysRoot& root, const std::string& folder) {
  return root.list(folder).value_or(std::vector<std::string>());
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The drivers bound to this device in sysfs and to those above it.
void add_drivers_above(const SysRoot& root, std::string path, Names& drivers) {
  while (path.size() > std::string_view("/sys/devices").size()) {
    if (const auto driver = root.read_link(path + "/driver")) drivers.insert(last_part(*driver));
    path.erase(path.rfind('/'));
  }
}

void add_drivers(const SysRoot& root, const std::string& name, int depth, Names& drivers) {
  const auto device = root.resolve("/sys/class/block/" + name);
  if (!device || depth > kDeepest) return;
  add_drivers_above(root, *device, drivers);
  for (const std::string& slave : names_in(root, *device + "/slaves")) {
    add_drivers(root, slave, depth + 1, drivers);
  }
}

/// A name that is the same after a reboot, where udev gives one.
std::string lasting_name(const SysRoot& root, const std::string& node) {
  constexpr std::string_view kFolder = "/dev/disk/by-uuid";
  for (const std::string& uuid : names_in(root, std::string(kFolder))) {
    const auto path = root.resolve(fmt::format("{}/{}", kFolder, uuid));
    if (path && *path == node) return "UUID=" + uuid;
  }
  return node;
}

/// The file system that a path lies on, and how it is mounted. What it is called differs from boot
/// to boot, and whether it is full or read-only for a moment is not the image's business.
void add_mount(const SysRoot& root,
               const MountTable& mounts,
               const std::string& path,
               ManifestFacts& facts) {
  const MountPoint* mount = mounts.containing(root.resolve(path).value_or(path));
  if (mount == nullptr) return;
  const std::string node = device_node(root, mount->source);
  facts[std::string(kFileSystemOf) + path] = fmt::format(
      "{} {} {} on {}", mount->fs_type, lasting_name(root, node), mount->root, mount->mount_point);
  Names drivers;
  add_drivers(root, last_part(node), 0, drivers);
  facts[std::string(kDriversBelow) + path] = fmt::format("{}", fmt::join(drivers, " "));
}

void add_device(const SysRoot& root, const std::string& device, ManifestFacts& facts) {
  const std::string node = device_node(root, device);
  Names drivers;
  add_drivers(root, last_part(node), 0, drivers);
  facts[std::string(kDriversBelow) + device] = fmt::format("{}", fmt::join(drivers, " "));
}

void add_target(const SysRoot& root,
                const MountTable& mounts,
                const DumpTarget& target,
                const std::string& path,
                ManifestFacts& facts) {
  if (std::holds_alternative<PathTarget>(target)) add_mount(root, mounts, path, facts);
  if (const auto* raw = std::get_if<RawTarget>(&target)) add_device(root, raw->device, facts);
  if (const auto* local = std::get_if<FileSystemTarget>(&target)) {
    add_device(root, local->device, facts);
    const MountPoint* mount = mount_of_device(root, mounts, local->device);
    facts[std::string(kMountPointOf) + local->device] = mount == nullptr ? "" : mount->mount_point;
  }
}

/// Which files are there to be taken; a hook without permission to run is left out.
std::string executables_in(const SysRoot& root, const std::string& folder) {
  Names names;
  for (const std::string& name : names_in(root, folder)) {
    struct stat status {};
    const auto file = root.resolve(fmt::format("{}/{}", folder, name));
    const bool runs = file && ::stat(root.path(*file).c_str(), &status) == 0 &&
                      S_ISREG(status.st_mode) && (status.st_mode & 0111U) != 0;
    if (runs) names.insert(name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

/// Name, hardware address and driver; "" without a route.
std::string default_interface(const SysRoot& root) {
  const std::string routes = root.read("/proc/net/route").value_or("");
  for (const std::string_view line : split_lines(routes)) {
    const auto words = split_words(line);
    if (words.size() < 2 || words[1] != "00000000") continue;
    const std::string device = fmt::format("/sys/class/net/{}", words[0]);
    const std::string driver = root.read_link(device + "/device/driver").value_or("");
    return fmt::format(
        "{} {} {}", words[0], root.read_value(device + "/address").value_or(""), last_part(driver));
  }
  return {};
}

/// Not the comments of whoever wrote the file.
std::string name_servers(const SysRoot& root) {
  std::vector<std::string> lines;
  const std::string text = root.read(resolver_file(root)).value_or("");
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.empty() || words[0].front() == '#' || words[0].front() == ';') continue;
    lines.push_back(fmt::format("{}", fmt::join(words, " ")));
  }
  return fmt::format("{}", fmt::join(lines, ", "));
}

bool is_over_network(const DumpTarget& target) {
  return std::holds_alternative<NfsTarget>(target) || std::holds_alternative<SshTarget>(target);
}

std::string running_watchdogs(const SysRoot& root) {
  Names drivers;
  for (const std::string& name : names_in(root, "/sys/class/watchdog")) {
    const std::string folder = "/sys/class/watchdog/" + name;
    if (root.read_value(folder + "/state").value_or("") != "active") continue;
    if (const auto device = root.resolve(folder + "/device")) {
      add_drivers_above(root, *device, drivers);
    }
  }
  return fmt::format("{}", fmt::join(drivers, " "));
}

}  // namespace

Result<ManifestFacts> read_manifest_facts(const SysRoot& root, const KdumpConfig& config) {
  const MountTable mounts = TRY(MountTable::read_with(root, config.path));
  ManifestFacts facts;
  add_target(root, mounts, config.target, config.path, facts);
  for (const DumpTarget& target : config.fallback_targets) {
    add_target(root, mounts, target, config.path, facts);
  }
  if (is_over_network(config.target) ||
      std::any_of(
          config.fallback_targets.begin(), config.fallback_targets.end(), is_over_network)) {
    facts[kDefaultInterface] = default_interface(root);
    facts[kNameServers] = name_servers(root);
  }
  if (config.failure_action == FailureAction::kDumpToRootfs) add_mount(root, mounts, "/", facts);
  for (const char* folder : {"/etc/kdump/pre.d", "/etc/kdump/post.d", "/etc/kdump/emergency.d"}) {
    facts[std::string("hooks in ") + folder] = executables_in(root, folder);
  }
  for (const char* folder : {"/etc/kdump.conf.d", "/etc/modprobe.d"}) {
    facts[std::string("files in ") + folder] =
        fmt::format("{}", fmt::join(names_in(root, folder), " "));
  }
  facts[kRunningWatchdogs] = running_watchdogs(root);
  // An answer that says nothing is none.
  std::erase_if(facts, [](const auto& fact) { return fact.second.empty(); });
  return facts;
}

}  // namespace kdump::config
