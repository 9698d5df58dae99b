// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/logical_volume.h"

#include "base/lvm_metadata.h"
#include "base/text.h"
#include "base/thin_pool.h"
#include "mkdumprd/stacked_device.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace kdump::mkdumprd {
namespace {

constexpr int kDeepest = 8;
constexpr std::string_view kPrefix = "LVM-";
constexpr std::size_t kUuidSize = 32;       // of a volume group and of a volume, without hyphens
constexpr std::uint64_t kScarceShare = 10;  // less than a tenth of a pool left is worth a word

/// What device-mapper has below a logical volume.
struct Below {
  std::set<std::string> physical_volumes;    ///< "major:minor"
  std::map<std::string, std::string> parts;  ///< UUID of an internal volume -> its node
};

/// Down through the volumes that LVM has made of the same group for its own use: a thin pool, its
/// data and its metadata.
Status look_below(
    const SysRoot& root, const std::string& disk, std::string_view group, int depth, Below& below) {
  const auto names = root.list(disk + "/slaves");
  if (!names || depth >= kDeepest) return {};
  for (const std::string& name : *names) {
    const std::string device = "/sys/class/block/" + name;
    const std::string uuid = root.read_value(device + "/dm/uuid").value_or(std::string());
    if (uuid.starts_with(group)) {
      below.parts[uuid.substr(group.size(), kUuidSize)] = "/dev/" + name;
      TRY(look_below(root, device, group, depth + 1, below));
    } else {
      below.physical_volumes.insert(TRY(root.read_value(device + "/dev")));
    }
  }
  return {};
}

/// As the capture kernel will find it.
Result<LvmVolume> find_volume(const SysRoot& root,
                              const std::vector<BlockDevice>& physical_volumes,
                              const std::string& uuid) {
  Error last = make_error(ErrorKind::kNotFound, "its physical volumes cannot be found");
  for (const BlockDevice& device : physical_volumes) {
    const auto text = read_lvm_metadata(root.path(device.node));
    if (!text) {
      last = text.error();
      continue;
    }
    auto volume = find_lvm_volume(*text, uuid);
    if (volume) return volume;
    last = volume.error();
  }
  return last;
}

void check_pool(const SysRoot& root,
                const LvmVolume& volume,
                const Below& below,
                BlockDevice& out) {
  const std::string name = volume.group + "/" + volume.thin->pool;
  const auto node = below.parts.find(volume.thin->metadata.uuid);
  const auto state =
      node == below.parts.end()
          ? Result<ThinPoolState>(make_error(ErrorKind::kNotFound, "it is not active"))
          : read_thin_pool(root.path(node->second));
  if (!state) {
    return block(out,
                 fmt::format("a thin LVM volume, whose pool {}: {}", name, state.error().message));
  }
  if (state->needs_check) {
    return block(out,
                 fmt::format("a thin LVM volume, whose pool {} needs a check and takes no writes "
                             "until \"lvconvert --repair {}\"",
                             name,
                             name));
  }
  const std::uint64_t free = state->chunks - std::min(state->chunks, state->used_chunks);
  if (free >= state->chunks / kScarceShare) return;
  add_new(fmt::format("The thin pool {} has only {} left: a larger dump will be lost, because a "
                      "full pool is not extended in the capture kernel",
                      name,
                      format_size(state->free_bytes())),
          out.warnings);
}

}  // namespace

Result<bool> add_logical_volume(const SysRoot& root,
                                const std::string& disk,
                                const std::string& dm_uuid,
                                int depth,
                                BlockDevice& out) {
  if (!dm_uuid.starts_with(kPrefix)) return false;
  if (dm_uuid.size() != kPrefix.size() + 2 * kUuidSize) {
    block(out, "an internal part of an LVM logical volume");
    return true;
  }
  const std::string uuid = dm_uuid.substr(kPrefix.size() + kUuidSize);
  Below below;
  TRY(look_below(root, disk, dm_uuid.substr(0, kPrefix.size() + kUuidSize), depth, below));
  std::vector<BlockDevice> physical_volumes;
  for (const std::string& number : below.physical_volumes) {
    physical_volumes.push_back(TRY(add_lower_device(root, number, depth, out)));
  }
  const auto volume = find_volume(root, physical_volumes, uuid);
  if (!volume) {
    block(out, fmt::format("an LVM logical volume: {}", volume.error().message));
    return true;
  }
  add_new("dm_mod", out.volume_modules);
  if (volume->thin) {
    add_new("dm_thin_pool", out.volume_modules);
    check_pool(root, *volume, below, out);
  }
  const auto name = root.read_value(disk + "/dm/name");
  add_new(config::PlannedVolume(config::PlannedLogicalVolume{name.value_or(std::string()), uuid}),
          out.volumes);
  return true;
}

}  // namespace kdump::mkdumprd
