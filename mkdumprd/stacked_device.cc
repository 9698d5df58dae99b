// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/stacked_device.h"

#include "base/text.h"
#include "config/volume_key.h"
#include "mkdumprd/blkid_probe.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/logical_volume.h"
#include "mkdumprd/luks_header.h"
#include "mkdumprd/multipath.h"

#include <algorithm>
#include <array>

namespace kdump::mkdumprd {
namespace {

using config::PlannedVolume;

constexpr int kDeepest = 8;

/// The module of a RAID level, where it has another name (drivers/md/Makefile).
struct LevelModule {
  std::string_view level;
  std::string_view module;
};
constexpr std::array<LevelModule, 4> kLevelModules = {
    {{"raid4", "raid456"}, {"raid5", "raid456"}, {"raid6", "raid456"}, {"linear", "linear"}}};

std::string attribute(const SysRoot& root, const std::string& path) {
  return root.read_value(path).value_or(std::string());
}

/// What the crypto API makes of dm-crypt's "aes-xts-plain64" and would have modprobe load:
/// "crypto-xts", "crypto-aes" and, for the vectors, "crypto-essiv", "crypto-sha256".
std::vector<std::string> crypto_templates(const std::string& cipher) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : cipher + "-") {
    if (c != '-' && c != ':' && c != '(' && c != ')') {
      word += c;
      continue;
    }
    if (!word.empty()) out.push_back("crypto-" + word);
    word.clear();
  }
  return out;
}

Status add_raid(const SysRoot& root, const std::string& disk, int depth, BlockDevice& out) {
  const auto slaves = TRY(read_slaves(root, disk, depth, out));
  const std::string level = attribute(root, disk + "/md/level");
  const std::string metadata = attribute(root, disk + "/md/metadata_version");
  const auto members = parse_unsigned(attribute(root, disk + "/md/raid_disks"));
  const auto probed = slaves.empty() ? Result<ProbedFileSystem>(ProbedFileSystem{})
                                     : probe_file_system(root.path(slaves.front().node));
  const bool known = metadata == "0.90" || metadata.starts_with("1.");
  if (!known || !members || !probed || probed->type != "linux_raid_member") {
    block(out,
          fmt::format("a software RAID (md) device with metadata '{}'", escape_control(metadata)));
    return {};
  }
  // A spare or a journal looks like one of them: all that there are is what is waited for.
  const auto count = static_cast<unsigned>(std::max<std::uint64_t>(*members, slaves.size()));
  add_new(PlannedVolume(config::PlannedRaid{probed->uuid, metadata, count}), out.volumes);
  const auto missing = parse_unsigned(attribute(root, disk + "/md/degraded"));
  if (missing.value_or(0) > 0) {
    add_new(fmt::format("The md array {} lacks {} of its {} members: the capture kernel may not be "
                        "able to start it, as when a RAID5 is being written to. Replace them (cat "
                        "/proc/mdstat), or name a fallback_target",
                        name_of(disk),
                        *missing,
                        *members),
            out.warnings);
  }
  const auto* row = std::find_if(kLevelModules.begin(),
                                 kLevelModules.end(),
                                 [&](const LevelModule& m) { return m.level == level; });
  add_new("md_mod", out.volume_modules);
  add_new(row == kLevelModules.end() ? level : std::string(row->module), out.volume_modules);
  return {};
}

/// LUKS2: the key comes from the crashed kernel, the rest from the header.
Status add_encrypted(const SysRoot& root, const std::string& disk, int depth, BlockDevice& out) {
  const auto slaves = TRY(read_slaves(root, disk, depth, out));
  const auto segment = slaves.size() == 1
                           ? read_luks_segment(root.path(slaves.front().node))
                           : Result<LuksSegment>(make_error(
                                 ErrorKind::kUnsupported, "it lies on {} devices", slaves.size()));
  if (!segment) {
    block(out, fmt::format("an encrypted volume: {}", segment.error().message));
    return {};
  }
  if (!root.exists(config::kVolumeKeysPath)) {
    block(out,
          fmt::format("an encrypted volume, whose key this kernel cannot hand to the panic kernel: "
                      "{} does not exist (CONFIG_CRASH_DM_CRYPT, Linux 6.16)",
                      config::kVolumeKeysPath));
    return {};
  }
  config::PlannedEncrypted planned{.name = attribute(root, disk + "/dm/name"),
                                   .uuid = segment->uuid,
                                   .cipher = segment->cipher,
                                   .offset = segment->offset,
                                   .length = segment->length,
                                   .iv_offset = segment->iv_offset,
                                   .sector_size = segment->sector_size};
  add_new(PlannedVolume(std::move(planned)), out.volumes);
  for (const char* module : {"dm_mod", "dm_crypt"}) add_new(module, out.volume_modules);
  for (std::string& part : crypto_templates(segment->cipher)) {
    add_new(std::move(part), out.volume_modules);
  }
  return {};
}

}  // namespace

void block(BlockDevice& out, std::string obstacle) {
  if (out.obstacle.empty()) out.obstacle = std::move(obstacle);
}

Result<BlockDevice> add_lower_device(const SysRoot& root,
                                     const std::string& number,
                                     int depth,
                                     BlockDevice& out) {
  BlockDevice lower = TRY(read_block_device(root, number, depth + 1));
  for (const StackDevice& device : lower.stack) add_new(device, out.stack);
  for (const PlannedVolume& volume : lower.volumes) add_new(volume, out.volumes);
  for (const std::string& name : lower.volume_modules) add_new(name, out.volume_modules);
  for (const std::string& warning : lower.warnings) add_new(warning, out.warnings);
  block(out, lower.obstacle);
  return lower;
}

Result<std::vector<BlockDevice>> read_slaves(const SysRoot& root,
                                             const std::string& disk,
                                             int depth,
                                             BlockDevice& out) {
  std::vector<BlockDevice> slaves;
  const auto names = root.list(disk + "/slaves");
  if (!names || depth >= kDeepest) return slaves;
  for (const std::string& name : *names) {
    const std::string number = TRY(root.read_value("/sys/class/block/" + name + "/dev"));
    slaves.push_back(TRY(add_lower_device(root, number, depth, out)));
  }
  return slaves;
}

Result<bool> add_volume(const SysRoot& root, const std::string& disk, int depth, BlockDevice& out) {
  if (root.is_directory(disk + "/md")) {
    TRY(add_raid(root, disk, depth, out));
    return true;
  }
  const std::string uuid = attribute(root, disk + "/dm/uuid");
  if (uuid.starts_with("CRYPT-LUKS2-")) {
    TRY(add_encrypted(root, disk, depth, out));
    return true;
  }
  if (TRY(add_multipath(root, disk, uuid, depth, out))) return true;
  return add_logical_volume(root, disk, uuid, depth, out);
}

}  // namespace kdump::mkdumprd
