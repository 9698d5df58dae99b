// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/volumes.h"

#include "base/text.h"
#include "config/volume_key.h"

#include <algorithm>

namespace kdump::agent {
namespace {

constexpr std::chrono::milliseconds kPollInterval{200};
constexpr std::chrono::seconds kPatience{5};  // with one device

/// The devices of /sys/class/block that are parts of volumes; each is looked at once, and again
/// when the kernel says that something changed.
class Members {
 public:
  Members(const CaptureContext& context, Deadline deadline)
      : context_(context), deadline_(deadline) {}

  struct Member {
    std::string node;
    std::string number;
    std::uint64_t sectors = 0;
    DeviceIdentity identity;
  };

  /// Those of this type, after a look at what is new.
  std::vector<Member> of_type(const std::string& type) {
    look();
    std::vector<Member> out;
    for (const auto& [name, member] : seen_) {
      if (member.identity.member_type == type) out.push_back(member);
    }
    return out;
  }

  void wait() {
    const Deadline until = std::min(context_.system.now() + kPollInterval, deadline_);
    if (context_.system.wait_for_devices(until)) seen_.clear();
  }

 private:
  void look() {
    const auto names = context_.root.list("/sys/class/block");
    if (!names) return;  // as long as sysfs has no block devices at all
    for (const std::string& name : *names) {
      if (seen_.contains(name) || context_.system.now() >= deadline_) continue;
      std::string node = "/dev/" + name;
      std::replace(node.begin(), node.end(), '!', '/');
      const auto size = context_.root.read_value(fmt::format("/sys/class/block/{}/size", name));
      const auto number = context_.root.read_value(fmt::format("/sys/class/block/{}/dev", name));
      if (!size || *size == "0" || !number || !context_.root.exists(node)) continue;
      const auto identity =
          context_.system.identify(node, std::min(context_.system.now() + kPatience, deadline_));
      if (!identity) {
        context_.log.warning("{}", identity.error().message);
      } else {
        seen_[name] = {node, *number, parse_unsigned(*size).value_or(0), *identity};
      }
    }
  }

  const CaptureContext& context_;
  Deadline deadline_;
  std::map<std::string, Member> seen_;
};

/// Of the copies of the metadata on the physical volumes the newest that knows the volume.
std::optional<LvmVolume> newest_volume(const CaptureContext& context,
                                       const std::vector<Members::Member>& members,
                                       const std::string& uuid,
                                       Deadline deadline) {
  std::optional<LvmVolume> newest;
  for (const Members::Member& member : members) {
    const auto text = context.system.read_lvm(member.node, deadline);
    if (!text) continue;  // a volume may carry none; what none of them tells is an error in the end
    auto volume = find_lvm_volume(*text, uuid);
    if (volume && (!newest || volume->sequence > newest->sequence)) newest = *std::move(volume);
  }
  return newest;
}

Status set_up(const CaptureContext& context,
              const config::PlannedLogicalVolume& planned,
              Deadline deadline) {
  for (Members members(context, deadline);; members.wait()) {
    const auto found = members.of_type("LVM2_member");
    std::map<std::string, std::string> physical_volumes;
    for (const Members::Member& member : found) {
      physical_volumes[without_hyphens(member.identity.member_uuid)] = member.number;
    }
    const auto volume = newest_volume(context, found, planned.uuid, deadline);
    const auto table = volume ? table_of(*volume, physical_volumes) : std::nullopt;
    if (table) {
      TRY(context.system.create_mapped({planned.name, "LVM-" + planned.uuid, *table}, deadline));
      context.log.info("set up the logical volume {}", planned.name);
      return {};
    }
    if (context.system.now() < deadline) continue;
    return make_error(ErrorKind::kTimeout,
                      "the logical volume {} could not be set up: {} physical volumes are here, {}",
                      planned.name,
                      found.size(),
                      volume ? "but not all that it lies on" : "and none of them knows it");
  }
}

Status set_up(const CaptureContext& context,
              const config::PlannedRaid& planned,
              Deadline deadline) {
  const Deadline start = context.system.now();
  const Deadline degraded = start + (deadline - start) / 2;
  for (Members members(context, deadline);; members.wait()) {
    RaidArray array = TRY(array_of_version(planned.metadata));
    for (const Members::Member& member : members.of_type("linux_raid_member")) {
      if (member.identity.member_uuid == planned.uuid) array.members.push_back(member.node);
    }
    const Deadline now = context.system.now();
    const bool complete = array.members.size() >= planned.members;
    if (complete || (now >= degraded && !array.members.empty())) {
      if (!complete) {
        context.log.warning("the md array {} is started with {} of {} members",
                            planned.uuid,
                            array.members.size(),
                            planned.members);
      }
      const std::string node = TRY(context.system.start_raid(array, deadline));
      context.log.info("started the md array {}: {}", planned.uuid, node);
      return {};
    }
    if (now >= deadline) {
      return make_error(ErrorKind::kTimeout, "no member of the md array {} appeared", planned.uuid);
    }
  }
}

Result<MapRow> row_of(const config::PlannedEncrypted& planned,
                      const Members::Member& member,
                      const std::string& key) {
  const std::uint64_t behind =
      member.sectors > planned.offset ? member.sectors - planned.offset : 0;
  const std::uint64_t length = planned.length == 0 ? behind : planned.length;
  if (length == 0 || length > behind) {
    return make_error(ErrorKind::kBadData,
                      "{} has {} sectors, fewer than the encrypted volume {} takes",
                      member.node,
                      member.sectors,
                      planned.name);
  }
  // Documentation/admin-guide/device-mapper/dm-crypt.rst
  MapRow row{0, length, "crypt", ""};
  row.parameters = fmt::format(
      "{} {} {} {} {}", planned.cipher, key, planned.iv_offset, member.number, planned.offset);
  if (planned.sector_size != 512) {
    row.parameters += fmt::format(" 1 sector_size:{}", planned.sector_size);
  }
  return row;
}

Status set_up(const CaptureContext& context,
              const config::PlannedEncrypted& planned,
              Deadline deadline) {
  for (Members members(context, deadline);; members.wait()) {
    for (const Members::Member& member : members.of_type("crypto_LUKS")) {
      if (member.identity.member_uuid != planned.uuid) continue;
      const std::string key =
          TRY(context.system.volume_key(config::volume_key_description(planned.uuid), deadline));
      MappedDevice device{
          planned.name,
          fmt::format("CRYPT-LUKS2-{}-{}", without_hyphens(planned.uuid), planned.name),
          {}};
      device.table.push_back(TRY(row_of(planned, member, key)));
      TRY(context.system.create_mapped(device, deadline));
      context.log.info("opened the encrypted volume {}", planned.name);
      return {};
    }
    if (context.system.now() >= deadline) {
      return make_error(ErrorKind::kTimeout,
                        "the device with the encrypted volume {} (LUKS UUID={}) did not appear",
                        planned.name,
                        planned.uuid);
    }
  }
}

}  // namespace

std::optional<std::vector<MapRow>> table_of(
    const LvmVolume& volume, const std::map<std::string, std::string>& physical_volumes) {
  std::vector<MapRow> table;
  for (const LvmSegment& segment : volume.segments) {
    MapRow row{segment.start, segment.length, "linear", ""};
    if (segment.areas.size() > 1) {
      row.type = "striped";
      row.parameters = fmt::format("{} {} ", segment.areas.size(), segment.stripe_size);
    }
    for (const LvmSegment::Area& area : segment.areas) {
      const auto device = physical_volumes.find(area.physical_volume);
      if (device == physical_volumes.end()) return std::nullopt;
      if (&area != &segment.areas.front()) row.parameters += ' ';
      row.parameters += fmt::format("{} {}", device->second, area.offset);
    }
    table.push_back(std::move(row));
  }
  return table;
}

Status set_up_volumes(const CaptureContext& context,
                      const std::vector<config::PlannedVolume>& volumes) {
  for (const config::PlannedVolume& volume : volumes) {
    const Deadline deadline = context.steps.begin(Step::kDevice, context.plan.deadlines.device);
    TRY(std::visit([&](const auto& planned) { return set_up(context, planned, deadline); },
                   volume));
  }
  return {};
}

}  // namespace kdump::agent
