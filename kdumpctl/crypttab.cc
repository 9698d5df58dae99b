// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/crypttab.h"

#include "base/mount_table.h"
#include "base/text.h"
#include "config/device_node.h"

#include <algorithm>

namespace kdump::ctl {
namespace {

constexpr int kDeepest = 8;  // layers of volumes

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// "CRYPT-LUKS2-<32 digits>-name" of the device mapper -> the UUID with its hyphens; "" for others.
std::string luks_uuid(std::string_view mapper_uuid) {
  constexpr std::string_view kPrefix = "CRYPT-LUKS";
  constexpr std::size_t kDigits = 32;
  if (!mapper_uuid.starts_with(kPrefix)) return {};
  const auto dash = mapper_uuid.find('-', kPrefix.size());
  if (dash == std::string_view::npos) return {};
  const std::string digits = lower(mapper_uuid.substr(dash + 1, kDigits));
  if (digits.size() != kDigits) return {};
  return fmt::format("{}-{}-{}-{}-{}",
                     digits.substr(0, 8),
                     digits.substr(8, 4),
                     digits.substr(12, 4),
                     digits.substr(16, 4),
                     digits.substr(20));
}

void add_volumes(const SysRoot& root,
                 const std::string& link,
                 int depth,
                 std::vector<std::string>& out) {
  const auto device = root.resolve(link);
  if (!device || depth > kDeepest) return;
  const std::string uuid = luks_uuid(root.read_value(*device + "/dm/uuid").value_or(""));
  if (!uuid.empty() && std::find(out.begin(), out.end(), uuid) == out.end()) out.push_back(uuid);
  const auto slaves = root.list(*device + "/slaves").value_or(std::vector<std::string>());
  for (const std::string& slave : slaves) {
    add_volumes(root, "/sys/class/block/" + slave, depth + 1, out);
  }
}

/// Where sysfs has a device node, by its name.
std::string link_of_node(const SysRoot& root, const std::string& node) {
  const std::string resolved = root.resolve(node).value_or(node);
  return "/sys/class/block/" + resolved.substr(resolved.rfind('/') + 1);
}

/// Where sysfs has the device that what is mounted for a path lies on; "" when it is on none.
Result<std::string> device_of_path(const SysRoot& root, const std::string& path) {
  const MountTable mounts = TRY(MountTable::read(root));
  const MountPoint* mount = mounts.containing(root.resolve(path).value_or(path));
  if (mount == nullptr) return std::string();
  const bool anonymous = mount->device_number.starts_with("0:");  // btrfs
  return anonymous ? link_of_node(root, mount->source) : "/sys/dev/block/" + mount->device_number;
}

/// Where sysfs has the device that a target lies on; "" when it is on none.
Result<std::string> device_of_target(const SysRoot& root,
                                     const config::DumpTarget& target,
                                     const std::string& path) {
  if (const auto* raw = std::get_if<config::RawTarget>(&target)) {
    return link_of_node(root, config::device_node(root, raw->device));
  }
  if (const auto* local = std::get_if<config::FileSystemTarget>(&target)) {
    return link_of_node(root, config::device_node(root, local->device));
  }
  if (!std::holds_alternative<config::PathTarget>(target)) return std::string();
  return device_of_path(root, path);
}

/// A line with the option; nothing for one about another volume.
std::optional<std::string> linked_line(std::string_view line, std::string_view uuid) {
  const auto words = split_words(line);
  if (words.size() < 2 || words[0].starts_with('#')) return std::nullopt;
  const std::string device = lower(words[1]);
  if (device != fmt::format("uuid={}", uuid) &&
      device != fmt::format("/dev/disk/by-uuid/{}", uuid)) {
    return std::nullopt;
  }
  if (line.find("link-volume-key=") != std::string_view::npos) return std::string(line);
  const std::string option = fmt::format("link-volume-key=@u::%logon:kdump-cryptsetup:vk-{}", uuid);
  if (words.size() == 2) return fmt::format("{} none {}", trim(line), option);
  if (words.size() == 3) return fmt::format("{} {}", trim(line), option);
  return fmt::format("{},{}", trim(line), option);
}

}  // namespace

Result<std::vector<std::string>> encrypted_volumes(const SysRoot& root,
                                                   const config::KdumpConfig& config) {
  std::vector<std::string> devices = {TRY(device_of_target(root, config.target, config.path))};
  for (const config::DumpTarget& target : config.fallback_targets) {
    devices.push_back(TRY(device_of_target(root, target, config.path)));
  }
  if (config.failure_action == config::FailureAction::kDumpToRootfs) {
    devices.push_back(TRY(device_of_path(root, "/")));
  }
  std::vector<std::string> volumes;
  for (const std::string& device : devices) {
    if (!device.empty()) add_volumes(root, device, 0, volumes);
  }
  return volumes;
}

bool targets_are_there(const SysRoot& root, const config::KdumpConfig& config) {
  const auto is_there = [&](const config::DumpTarget& target) {
    // What a path lies on is mounted, and thus there.
    if (std::holds_alternative<config::PathTarget>(target)) return true;
    const auto device = device_of_target(root, target, config.path);
    return device && (device->empty() || root.resolve(*device));
  };
  return is_there(config.target) &&
         std::all_of(config.fallback_targets.begin(), config.fallback_targets.end(), is_there);
}

std::optional<std::string> with_volume_key_link(std::string_view crypttab, std::string_view uuid) {
  std::string out;
  bool found = false;
  for (const std::string_view line : split_lines(crypttab)) {
    const auto linked = linked_line(line, uuid);
    found = found || linked.has_value();
    out += linked.value_or(std::string(line)) + "\n";
  }
  if (!found) return std::nullopt;
  return out;
}

}  // namespace kdump::ctl
