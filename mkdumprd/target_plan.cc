// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/target_plan.h"

#include "base/text.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/mount_options.h"

#include <algorithm>
#include <array>

namespace kdump::mkdumprd {
namespace {

using config::PlannedDevice;

/// File systems that the agent can mount by type and device alone.
constexpr std::array<std::string_view, 8> kLocalFileSystems = {
    "ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "minix", "f2fs"};

/// FAT keeps no modes; the mount says what they are, and another one cannot be set then.
constexpr const char* kFatModes = "fmask=0177,dmask=0077";

const config::FileSystemTarget* explicit_target(const config::KdumpConfig& config) {
  return std::get_if<config::FileSystemTarget>(&config.target);
}

/// As the administrator names the target.
std::string spoken_name(const config::KdumpConfig& config, const TargetFacts& facts) {
  const auto* target = explicit_target(config);
  return target != nullptr ? target->device : facts.device.node;
}

Status check_type(const config::KdumpConfig& config, const TargetFacts& facts) {
  const std::string found = facts.mount ? facts.mount->fs_type : facts.probed.type;
  const auto* target = explicit_target(config);
  if (found.empty()) {
    return make_error(ErrorKind::kUsage,
                      "The dump target {} holds no file system. Make one on it, or name another",
                      spoken_name(config, facts));
  }
  if (target != nullptr && found != target->fs_type) {
    return make_error(ErrorKind::kUsage,
                      "\"{}\" have a wrong type config \"{}\", expected \"{}\"",
                      target->device,
                      target->fs_type,
                      escape_control(found));
  }
  const auto known = std::find(kLocalFileSystems.begin(), kLocalFileSystems.end(), found);
  if (known == kLocalFileSystems.end()) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target {} holds \"{}\", which this version cannot save on. Use one "
                      "of: {}",
                      spoken_name(config, facts),
                      escape_control(found),
                      fmt::join(kLocalFileSystems, ", "));
  }
  return {};
}

/// Whether the file system is mounted with NAME=..., or would be.
bool has_option(const config::KdumpConfig& config,
                const TargetFacts& facts,
                std::string_view name) {
  std::string options = facts.mount ? facts.mount->super_options : facts.fstab_options.value_or("");
  if (const auto* target = explicit_target(config)) options += "," + target->options;
  const auto words = split(options, ',');
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return word.starts_with(name) && word.substr(name.size()).starts_with('=');
  });
}

Status check_device(const config::KdumpConfig& config, const TargetFacts& facts) {
  const std::string name = spoken_name(config, facts);
  if (!facts.device.obstacle.empty()) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target {} lies on {} ({}), which is not supported by this version. "
                      "Use a file system on a plain disk or partition (for example \"ext4 "
                      "UUID=...\" in kdump.conf)",
                      name,
                      facts.device.node,
                      facts.device.obstacle);
  }
  if (!facts.probed.external_journal.empty() || has_option(config, facts, "logdev")) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target {} keeps its journal on another device, which is not "
                      "supported by this version. Use a file system with an internal journal",
                      name);
  }
  if (has_option(config, facts, "rtdev")) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target {} has a realtime section on another device, which is not "
                      "supported by this version. Use a file system without one",
                      name);
  }
  return {};
}

Status check_mount(const config::KdumpConfig& config, const TargetFacts& facts) {
  if (!facts.mount) return {};
  const std::string name = spoken_name(config, facts);
  if (facts.mount->read_only()) {
    return make_error(ErrorKind::kUsage,
                      "The dump target {} is mounted read-only on {}, so that no vmcore could be "
                      "saved there. Remount it (mount -o remount,rw {}) or name another target",
                      name,
                      facts.mount->mount_point,
                      facts.mount->mount_point);
  }
  if (facts.host_path_is_directory) return {};
  if (explicit_target(config) == nullptr) {
    return make_error(ErrorKind::kUsage,
                      "Dump path {} is not a directory. Name another with \"path\" in kdump.conf",
                      config.path);
  }
  return make_error(ErrorKind::kUsage,
                    "Dump path \"{}\" does not exist in dump target \"{}\". Create it (mkdir -p "
                    "{}) or name another with \"path\" in kdump.conf",
                    config.path,
                    name,
                    facts.host_path);
}

/// Names of devices change between boots and kernels; what is written on them does not.
PlannedDevice lasting_name(const TargetFacts& facts, std::vector<std::string>& warnings) {
  if (!facts.probed.uuid.empty()) return {PlannedDevice::By::kUuid, facts.probed.uuid};
  if (!facts.probed.part_uuid.empty())
    return {PlannedDevice::By::kPartUuid, facts.probed.part_uuid};
  if (!facts.probed.label.empty()) return {PlannedDevice::By::kLabel, facts.probed.label};
  warnings.push_back(fmt::format(
      "{} has neither a UUID nor a label; the capture kernel will look for it by that name, which "
      "can belong to another disk there",
      facts.device.node));
  return {PlannedDevice::By::kPath, facts.device.node};
}

std::string without_subvolume(const std::string& super_options) {
  std::string out;
  for (const std::string_view word : split(super_options, ',')) {
    if (word.starts_with("subvol=") || word.starts_with("subvolid=")) continue;
    if (!out.empty()) out += ',';
    out += word;
  }
  return out;
}

Result<MountArguments> plan_mount(const config::FileSystemTarget* target,
                                  const TargetFacts& facts,
                                  const std::string& fs_type) {
  if (target != nullptr && !target->options.empty()) {
    return compile_mount_options(target->options, fs_type, OptionSource::kAdministrator);
  }
  if (!facts.mount) {
    return compile_mount_options(
        facts.fstab_options.value_or("defaults"), fs_type, OptionSource::kRunningSystem);
  }
  const std::string seen =
      facts.mount->mount_options + "," + without_subvolume(facts.mount->super_options);
  MountArguments out = TRY(compile_mount_options(seen, fs_type, OptionSource::kRunningSystem));
  if (fs_type == "btrfs") {
    // mountinfo's root is a path from the top-level subvolume (BTRFS_FS_TREE_OBJECTID, 5), so that
    // one is what has to be mounted.
    out.data = out.data.empty() ? "subvolid=5" : "subvolid=5," + out.data;
  }
  return out;
}

/// The dump path from the root of what the agent will mount.
std::string plan_directory(const config::KdumpConfig& config, const TargetFacts& facts) {
  const auto* target = explicit_target(config);
  const bool own_options = target != nullptr && !target->options.empty();
  if (!facts.mount || own_options) return config.path;
  std::string_view below = facts.host_path;
  if (facts.mount->mount_point != "/") below.remove_prefix(facts.mount->mount_point.size());
  return join(facts.mount->root, below);
}

}  // namespace

Result<TargetPlan> plan_target(const config::KdumpConfig& config, const TargetFacts& facts) {
  TRY(check_device(config, facts));
  TRY(check_type(config, facts));
  TRY(check_mount(config, facts));
  const auto* target = explicit_target(config);
  TargetPlan plan;
  plan.warnings = facts.device.warnings;
  plan.place.fs_type = facts.mount ? facts.mount->fs_type : facts.probed.type;
  plan.place.device = lasting_name(facts, plan.warnings);
  const MountArguments mount = TRY(plan_mount(target, facts, plan.place.fs_type));
  plan.place.mount_flags = mount.flags;
  plan.place.mount_data = mount.data;
  plan.place.directory = plan_directory(config, facts);
  if (plan.place.fs_type == "vfat") {
    plan.place.mount_data += std::string(plan.place.mount_data.empty() ? "" : ",") + kFatModes;
    plan.warnings.emplace_back("A file on vfat has at most 4 GiB: a larger vmcore will be lost");
  }
  if (!facts.missing_mount_point.empty()) {
    plan.warnings.push_back(fmt::format(
        "/etc/fstab has a file system for {}, which is not mounted: dumps go to the one of {}, "
        "below "
        "that mount point. Mount it (mount {}) and build the image again (kdumpctl rebuild)",
        facts.missing_mount_point,
        facts.mount ? facts.mount->mount_point : std::string("/"),
        facts.missing_mount_point));
  }
  if (!facts.mount) {
    plan.warnings.push_back(fmt::format(
        "Dump target \"{}\" is not mounted; whether \"{}\" exists on it could not be checked",
        spoken_name(config, facts),
        config.path));
  }
  return plan;
}

}  // namespace kdump::mkdumprd
