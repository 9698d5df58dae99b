// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/target_facts.h"

#include "base/text.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/mount_options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace kdump::mkdumprd {
namespace {

/// The ways to name a device by what is on it, and where udev keeps links for them.
struct Tag {
  std::string_view name;
  std::string_view folder;
  std::string ProbedFileSystem::*value;
};
constexpr std::array<Tag, 4> kTags = {{
    {"UUID", "/dev/disk/by-uuid", &ProbedFileSystem::uuid},
    {"LABEL", "/dev/disk/by-label", &ProbedFileSystem::label},
    {"PARTUUID", "/dev/disk/by-partuuid", &ProbedFileSystem::part_uuid},
    {"PARTLABEL", "/dev/disk/by-partlabel", &ProbedFileSystem::part_label},
}};

bool is_anonymous(std::string_view number) { return number.starts_with("0:"); }

/// "major:minor" of /dev/NAME through /sys/class/block, which needs no device node.
Result<std::string> number_of_node(const SysRoot& root, const std::string& node) {
  const std::string resolved = TRY(root.resolve(node));
  std::string name = resolved.starts_with("/dev/") ? resolved.substr(5) : resolved;
  std::replace(name.begin(), name.end(), '/', '!');  // as sysfs writes a slash in a device name
  const std::string attribute = "/sys/class/block/" + name + "/dev";
  if (!root.exists(attribute)) {
    return make_error(ErrorKind::kNotFound, "{} is not a block device", node);
  }
  return root.read_value(attribute);
}

/// Equal but for the case of hexadecimal digits, in which UUIDs are written either way.
bool same_tag_value(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

bool carries(const SysRoot& root, const BlockDevice& device, const Tag& tag, const std::string& v) {
  const auto probed = probe_file_system(root.path(device.node));
  if (!probed) return false;
  const std::string& found = (*probed).*(tag.value);
  return tag.name.ends_with("LABEL") ? found == v : same_tag_value(found, v);
}

/// A path of a multipath device, a partition of such a path or a half of a mirror shows the same
/// file system as the whole.
bool is_part_of_another(const SysRoot& root, const BlockDevice& device) {
  const auto is_held = [&](const std::string& path) {
    const auto holders = root.list(path + "/holders");
    return holders && !holders->empty();
  };
  const std::string path = "/sys/class/block/" + device.name;
  if (is_held(path)) return true;
  const auto resolved = root.resolve(path);
  return resolved && root.exists(path + "/partition") && is_held(parent_of(*resolved));
}

bool has_partitions(const SysRoot& root, const BlockDevice& device) {
  const std::string folder = "/sys/class/block/" + device.name;
  const auto entries = root.list(folder);
  return entries && std::any_of(entries->begin(), entries->end(), [&](const std::string& entry) {
           return root.exists(folder + "/" + entry + "/partition");
         });
}

Result<BlockDevice> find_by_tag(const SysRoot& root, const Tag& tag, const std::string& value) {
  const auto number = number_of_node(root, join(tag.folder, value));
  if (number) {
    BlockDevice device = TRY(read_block_device(root, *number));
    if (!is_part_of_another(root, device) && carries(root, device, tag, value)) return device;
  }
  // No udev here, a link that is out of date, or a value that udev spells otherwise.
  for (const std::string& candidate : TRY(list_block_devices(root))) {
    auto device = read_block_device(root, candidate);
    if (!device || is_part_of_another(root, *device)) continue;
    if (carries(root, *device, tag, value)) return std::move(*device);
  }
  return make_error(ErrorKind::kNotFound,
                    "Dump target \"{}={}\" does not exist: no block device carries it. Compare "
                    "kdump.conf with the output of blkid",
                    tag.name,
                    escape_control(value));
}

Result<BlockDevice> find_device(const SysRoot& root, const std::string& device) {
  for (const Tag& tag : kTags) {
    const std::string prefix = std::string(tag.name) + "=";
    if (!device.starts_with(prefix)) continue;
    std::string value = device.substr(prefix.size());
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return find_by_tag(root, tag, value);
  }
  const auto number = number_of_node(root, device);
  if (!number) {
    return make_error(ErrorKind::kNotFound,
                      "Dump target \"{}\" does not exist ({}). Name an existing block device, or "
                      "its UUID= or LABEL=",
                      escape_control(device),
                      number.error().message);
  }
  return read_block_device(root, *number);
}

/// Every mount of the device; btrfs shows an anonymous number, hence the look at the source.
std::vector<MountPoint> mounts_of(const SysRoot& root,
                                  const MountTable& mounts,
                                  const BlockDevice& device) {
  std::vector<MountPoint> out;
  for (const MountPoint& mount : mounts.mounts()) {
    const bool by_source = is_anonymous(mount.device_number) && mount.source.starts_with("/dev/") &&
                           number_of_node(root, mount.source).value_or("") == device.number;
    if (mount.device_number == device.number || by_source) out.push_back(mount);
  }
  return out;
}

/// Of several mounts the one that shows most of the file system and can be written.
std::optional<MountPoint> best_mount(const std::vector<MountPoint>& mounts) {
  if (mounts.empty()) return std::nullopt;
  const auto rank = [](const MountPoint& m) { return std::pair(m.read_only(), m.root != "/"); };
  return *std::min_element(
      mounts.begin(), mounts.end(), [&](const MountPoint& a, const MountPoint& b) {
        return rank(a) < rank(b);
      });
}

Status look_at_device(const SysRoot& root, TargetFacts& facts) {
  auto probed = probe_file_system(root.path(facts.device.node));
  if (!probed) return std::move(probed).error().with_context("cannot look at the dump target");
  facts.probed = std::move(*probed);
  const std::string node = facts.device.node;
  const std::vector<std::string> names = {"UUID=" + facts.probed.uuid,
                                          "LABEL=" + facts.probed.label,
                                          "PARTUUID=" + facts.probed.part_uuid,
                                          "PARTLABEL=" + facts.probed.part_label,
                                          node};
  facts.fstab_options = TRY(fstab_options(root, names));
  const auto members = root.list("/sys/fs/btrfs/" + facts.probed.uuid + "/devices");
  if (facts.probed.type == "btrfs" && members && members->size() > 1) {
    facts.device.obstacle = fmt::format("a btrfs file system over {} devices", members->size());
  }
  return {};
}

/// The device below a mount. `path` is what leads there, for messages.
Result<TargetFacts> facts_of_mount(const SysRoot& root,
                                   const MountPoint& mount,
                                   const std::string& path) {
  TargetFacts facts;
  facts.mount = mount;
  const bool anonymous = is_anonymous(mount.device_number);
  const auto number =
      anonymous ? number_of_node(root, mount.source) : Result<std::string>(mount.device_number);
  if (mount.fs_type == "autofs") {
    return make_error(ErrorKind::kNotFound,
                      "The dump path {} lies on the automount point {}, where nothing could be "
                      "mounted. Mount it by hand to see why (mount {})",
                      path,
                      mount.mount_point,
                      mount.mount_point);
  }
  if (!number) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump path {} lies on {} ({}), which is not a local file system on a "
                      "block device. Name one in kdump.conf (for example \"ext4 UUID=...\")",
                      path,
                      mount.mount_point,
                      mount.fs_type);
  }
  facts.device = TRY(read_block_device(root, *number));
  TRY(look_at_device(root, facts));
  return facts;
}

Result<TargetFacts> read_path_target(const SysRoot& root,
                                     const MountTable& mounts,
                                     const std::string& path) {
  const auto resolved = root.resolve(path);
  if (!resolved && resolved.error().kind != ErrorKind::kNotFound) return resolved.error();
  if (!resolved) {
    return make_error(ErrorKind::kNotFound,
                      "Dump path {} does not exist. Create it (mkdir -p {}), or name another with "
                      "\"path\" in kdump.conf",
                      path,
                      path);
  }
  const MountPoint* mount = mounts.containing(*resolved);
  if (mount == nullptr) {
    return make_error(ErrorKind::kNotFound, "no mounted file system holds the dump path {}", path);
  }
  TargetFacts facts = TRY(facts_of_mount(root, *mount, path));
  facts.host_path = *resolved;
  facts.host_path_is_directory = root.is_directory(*resolved);
  const std::string wanted = TRY(fstab_mount_point(root, *resolved));
  if (wanted.size() > mount->mount_point.size()) facts.missing_mount_point = wanted;
  return facts;
}

Result<TargetFacts> read_file_system_target(const SysRoot& root,
                                            const MountTable& mounts,
                                            const config::FileSystemTarget& target,
                                            const std::string& path) {
  TargetFacts facts;
  facts.device = TRY(find_device(root, target.device));
  TRY(look_at_device(root, facts));
  facts.mount = best_mount(mounts_of(root, mounts, facts.device));
  if (!facts.mount) return facts;
  const std::string wanted = join(facts.mount->mount_point, path);
  facts.host_path = root.resolve(wanted).value_or(wanted);
  facts.host_path_is_directory = root.is_directory(facts.host_path);
  const MountPoint* reached = mounts.containing(facts.host_path);
  if (reached == nullptr || reached->mount_point != facts.mount->mount_point) {
    return make_error(
        ErrorKind::kUsage,
        "Dump path \"{}\" leads out of dump target \"{}\", to {}. Name a folder on the "
        "target itself with \"path\" in kdump.conf",
        path,
        target.device,
        facts.host_path);
  }
  return facts;
}

Error not_yet(std::string_view directive, const std::string& value) {
  return make_error(ErrorKind::kUnsupported,
                    "The dump target \"{} {}\" in kdump.conf is not supported by this version. Use "
                    "a local file system (for example \"ext4 UUID=...\", or only \"path\")",
                    directive,
                    escape_control(value));
}

}  // namespace

Result<TargetFacts> read_target(const SysRoot& root,
                                const MountTable& mounts,
                                const config::KdumpConfig& config) {
  if (const auto* raw = std::get_if<config::RawTarget>(&config.target)) {
    return read_raw_target(root, mounts, *raw);
  }
  if (const auto* ssh = std::get_if<config::SshTarget>(&config.target)) {
    return not_yet("ssh", ssh->user + "@" + ssh->host);
  }
  if (const auto* fs = std::get_if<config::FileSystemTarget>(&config.target)) {
    return read_file_system_target(root, mounts, *fs, config.path);
  }
  return read_path_target(root, mounts, config.path);
}

Result<TargetFacts> read_raw_target(const SysRoot& root,
                                    const MountTable& mounts,
                                    const config::RawTarget& target) {
  TargetFacts facts;
  facts.device = TRY(find_device(root, target.device));
  facts.probed = TRY(probe_file_system(root.path(facts.device.node)));
  facts.mount = best_mount(mounts_of(root, mounts, facts.device));
  facts.is_part_of_another = is_part_of_another(root, facts.device);
  facts.has_partitions = has_partitions(root, facts.device);
  return facts;
}

Result<TargetFacts> read_root_target(const SysRoot& root,
                                     const MountTable& mounts,
                                     const std::string& path) {
  const MountPoint* mount = mounts.containing("/");
  if (mount == nullptr) return make_error(ErrorKind::kNotFound, "no root file system is mounted");
  TargetFacts facts = TRY(facts_of_mount(root, *mount, path));
  facts.host_path = path;
  facts.host_path_is_directory = true;  // the agent makes what is missing
  return facts;
}

}  // namespace kdump::mkdumprd
