// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/logical_volume.h"

#include "base/text.h"
#include "capture/agent/members.h"

namespace kdump::agent {
namespace {

using PhysicalVolumes = std::map<std::string, std::string>;

/// Of the copies of the metadata on the physical volumes the newest that knows the volume. What
/// this agent cannot set up is an error at once: waiting does not help.
Result<std::optional<LvmVolume>> newest_volume(const CaptureContext& context,
                                               const std::vector<Member>& members,
                                               const std::string& uuid,
                                               Deadline deadline) {
  std::optional<LvmVolume> newest;
  std::optional<Error> unsupported;
  for (const Member& member : members) {
    const auto text = context.system.read_lvm(member.node, deadline);
    if (!text) continue;  // a volume may carry none; what none of them tells is an error in the end
    auto volume = find_lvm_volume(*text, uuid);
    if (volume && (!newest || volume->sequence > newest->sequence)) newest = *std::move(volume);
    if (!volume && volume.error().kind == ErrorKind::kUnsupported) unsupported = volume.error();
  }
  if (!newest && unsupported) return *std::move(unsupported);
  return newest;
}

/// Tables of everything that lies on the physical volumes themselves.
struct Tables {
  std::vector<MapRow> volume;  ///< or the data of its thin pool
  std::vector<MapRow> pool_metadata;
};

std::optional<Tables> tables_of(const LvmVolume& volume, const PhysicalVolumes& physical_volumes) {
  const auto data =
      table_of(volume.thin ? volume.thin->data.segments : volume.segments, physical_volumes);
  if (!data) return std::nullopt;
  if (!volume.thin) return Tables{*data, {}};
  const auto metadata = table_of(volume.thin->metadata.segments, physical_volumes);
  return metadata ? std::optional(Tables{*data, *metadata}) : std::nullopt;
}

/// A part of a pool; its own name can hold what another volume is called.
Result<std::string> create_part(const CaptureContext& context,
                                const std::string& uuid,
                                std::vector<MapRow> table,
                                Deadline deadline) {
  return context.system.create_mapped({"lvm-" + uuid, "LVM-" + uuid, std::move(table)}, deadline);
}

Status check_pool(const CaptureContext& context,
                  const LvmVolume& volume,
                  const std::string& metadata_number,
                  Deadline deadline) {
  const std::string name = volume.group + "/" + volume.thin->pool;
  // The kernel names device-mapper nodes by their minor number (drivers/md/dm.c, alloc_dev()).
  const std::string node = "/dev/dm-" + metadata_number.substr(metadata_number.find(':') + 1);
  const ThinPoolState state = TRY(context.system.read_thin_pool(node, deadline));
  if (state.needs_check) {
    return make_error(ErrorKind::kBadData,
                      "the thin pool {} needs a check and takes no writes until then: run "
                      "'lvconvert --repair {}' on the host",
                      name,
                      name);
  }
  if (state.free_bytes() == 0) {
    context.log.warning("the thin pool {} is full: nothing new can be written", name);
  } else {
    context.log.info("the thin pool {} has {} left", name, format_size(state.free_bytes()));
  }
  return {};
}

/// Documentation/admin-guide/device-mapper/thin-provisioning.rst. Discards only give room back,
/// which is left to the host.
MapRow pool_row(const LvmThin& thin, const std::string& metadata, const std::string& data) {
  std::string features = "2 ignore_discard error_if_no_space";
  if (!thin.zeroes_new_chunks) features = "3 skip_block_zeroing ignore_discard error_if_no_space";
  return {0,
          length_of(thin.data.segments),
          "thin-pool",
          fmt::format("{} {} {} 0 {}", metadata, data, thin.chunk_size, features)};
}

Result<std::vector<MapRow>> create_pool(const CaptureContext& context,
                                        const LvmVolume& volume,
                                        const Tables& tables,
                                        Deadline deadline) {
  const LvmThin& thin = *volume.thin;
  const std::string metadata =
      TRY(create_part(context, thin.metadata.uuid, tables.pool_metadata, deadline));
  TRY(check_pool(context, volume, metadata, deadline));
  const std::string data = TRY(create_part(context, thin.data.uuid, tables.volume, deadline));
  const std::string pool =
      TRY(create_part(context, thin.pool_uuid, {pool_row(thin, metadata, data)}, deadline));
  return std::vector<MapRow>{{0, thin.length, "thin", fmt::format("{} {}", pool, thin.device_id)}};
}

}  // namespace

std::optional<std::vector<MapRow>> table_of(const std::vector<LvmSegment>& segments,
                                            const PhysicalVolumes& physical_volumes) {
  std::vector<MapRow> table;
  for (const LvmSegment& segment : segments) {
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

Status set_up_logical_volume(const CaptureContext& context,
                             const config::PlannedLogicalVolume& planned,
                             Deadline deadline) {
  for (Members members(context, deadline);; members.wait()) {
    const auto found = members.of_type("LVM2_member");
    PhysicalVolumes physical_volumes;
    for (const Member& member : found) {
      physical_volumes[without_hyphens(member.identity.member_uuid)] = member.number;
    }
    const auto volume = TRY(newest_volume(context, found, planned.uuid, deadline));
    const auto tables = volume ? tables_of(*volume, physical_volumes) : std::nullopt;
    if (tables) {
      std::vector<MapRow> table = tables->volume;
      if (volume->thin) table = TRY(create_pool(context, *volume, *tables, deadline));
      (void)TRY(context.system.create_mapped(
          {planned.name, "LVM-" + planned.uuid, std::move(table)}, deadline));
      context.log.info("set up the logical volume {}", planned.name);
      return {};
    }
    if (!members.are_given_up()) continue;
    return make_error(ErrorKind::kTimeout,
                      "the logical volume {} could not be set up: {} physical volumes are here, {}",
                      planned.name,
                      found.size(),
                      volume ? "but not all that it lies on" : "and none of them knows it");
  }
}

}  // namespace kdump::agent
