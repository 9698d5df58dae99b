// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/volumes.h"

#include "base/lvm_metadata.h"
#include "capture/agent/iscsi.h"
#include "capture/agent/logical_volume.h"
#include "capture/agent/members.h"
#include "capture/agent/multipath.h"
#include "config/volume_key.h"

#include <algorithm>

namespace kdump::agent {
namespace {

Status set_up(const CaptureContext& context,
              const config::PlannedRaid& planned,
              Deadline deadline) {
  const Deadline start = context.system.now();
  const Deadline degraded = start + (deadline - start) / 2;
  for (Members members(context, deadline);; members.wait()) {
    RaidArray array = TRY(array_of_version(planned.metadata));
    for (const Member& member : members.of_type("linux_raid_member")) {
      if (member.identity.member_uuid == planned.uuid) array.members.push_back(member.node);
    }
    const bool complete = array.members.size() >= planned.members;
    const bool is_late = context.system.now() >= degraded || members.are_given_up();
    if (complete || (is_late && !array.members.empty())) {
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
    if (members.are_given_up()) {
      return make_error(ErrorKind::kTimeout, "no member of the md array {} appeared", planned.uuid);
    }
  }
}

Result<MapRow> row_of(const config::PlannedEncrypted& planned,
                      const Member& member,
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
    for (const Member& member : members.of_type("crypto_LUKS")) {
      if (member.identity.member_uuid != planned.uuid) continue;
      const std::string key =
          TRY(context.system.volume_key(config::volume_key_description(planned.uuid), deadline));
      MappedDevice device{
          planned.name,
          fmt::format("CRYPT-LUKS2-{}-{}", without_hyphens(planned.uuid), planned.name),
          {}};
      device.table.push_back(TRY(row_of(planned, member, key)));
      (void)TRY(context.system.create_mapped(device, deadline));
      context.log.info("opened the encrypted volume {}", planned.name);
      return {};
    }
    if (members.are_given_up()) {
      return make_error(ErrorKind::kTimeout,
                        "the device with the encrypted volume {} (LUKS UUID={}) did not appear",
                        planned.name,
                        planned.uuid);
    }
  }
}

Status set_up(const CaptureContext& context,
              const config::PlannedLogicalVolume& planned,
              Deadline deadline) {
  return set_up_logical_volume(context, planned, deadline);
}

Status set_up(const CaptureContext& context,
              const config::PlannedMultipath& planned,
              Deadline deadline) {
  return set_up_multipath(context, planned, deadline);
}

Status set_up(const CaptureContext& context,
              const config::PlannedPartition& planned,
              Deadline deadline) {
  return set_up_partition(context, planned, deadline);
}

Status set_up(const CaptureContext& context,
              const config::PlannedIscsi& planned,
              Deadline deadline) {
  return log_in_to_iscsi(context, planned, deadline);
}

}  // namespace

Status set_up_volumes(const CaptureContext& context,
                      const std::vector<config::PlannedVolume>& volumes) {
  const auto is_session = [](const config::PlannedVolume& volume) {
    return std::holds_alternative<config::PlannedIscsi>(volume);
  };
  const auto sessions = std::count_if(volumes.begin(), volumes.end(), is_session);
  for (const config::PlannedVolume& volume : volumes) {
    const Deadline deadline = context.steps.begin(Step::kDevice, context.plan.deadlines.device);
    const Status status =
        std::visit([&](const auto& planned) { return set_up(context, planned, deadline); }, volume);
    if (status) continue;
    // Another session may be another way to the same disk. What needs both says so by itself.
    if (!is_session(volume) || sessions < 2) return status;
    context.log.warning("{}", status.error().message);
  }
  return {};
}

}  // namespace kdump::agent
