// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/volume_plan_json.h"

#include "base/ip_address.h"

#include <string_view>

namespace kdump::config {
namespace {

constexpr std::uint64_t kMostMembers = 4096;  // of an md array
constexpr std::uint64_t kMostPaths = 1024;
constexpr std::uint64_t kMostPartitions = 256;
constexpr std::uint64_t kHighestNumber = 65535;  // of a port and of a portal group
constexpr std::uint64_t kLeastSector = 512;      // of dm-crypt (drivers/md/dm-crypt.c, sector_size)
constexpr std::uint64_t kLargestSector = 4096;

/// A blank would begin the next parameter of the device mapper's table.
Result<std::string> one_word(const PlanReader& object, std::string_view field) {
  std::string text = TRY(object.text(field));
  if (text.find_first_of(" \t\n") == std::string::npos) return text;
  return PlanReader::refuse(object.name(field), "is not one word");
}

Result<PlannedVolume> read_encrypted(const PlanReader& object) {
  TRY(object.check_fields(
      {"encrypted", "uuid", "cipher", "offset", "length", "iv_offset", "sector_size"}));
  PlannedEncrypted volume;
  volume.name = TRY(object.non_empty("encrypted"));
  volume.uuid = TRY(object.non_empty("uuid"));
  volume.cipher = TRY(one_word(object, "cipher"));
  if (volume.cipher.empty()) return PlanReader::refuse(object.name("cipher"), "is empty");
  volume.offset = TRY(object.number("offset"));
  volume.length = TRY(object.number("length"));
  volume.iv_offset = TRY(object.number("iv_offset"));
  volume.sector_size = TRY(object.number_in("sector_size", kLeastSector, kLargestSector));
  return PlannedVolume(std::move(volume));
}

Result<PlannedVolume> read_logical_volume(const PlanReader& object) {
  TRY(object.check_fields({"logical_volume", "uuid"}));
  PlannedLogicalVolume volume;
  volume.name = TRY(object.non_empty("logical_volume"));
  volume.uuid = TRY(object.non_empty("uuid"));
  return PlannedVolume(std::move(volume));
}

Result<PlannedVolume> read_raid(const PlanReader& object) {
  TRY(object.check_fields({"raid", "metadata", "members"}));
  PlannedRaid raid;
  raid.uuid = TRY(object.non_empty("raid"));
  raid.metadata = TRY(object.non_empty("metadata"));
  raid.members = TRY(object.number_in("members", 1, kMostMembers));
  return PlannedVolume(std::move(raid));
}

Result<PlannedVolume> read_multipath(const PlanReader& object) {
  TRY(object.check_fields({"multipath", "uuid", "wwid", "handler", "paths"}));
  PlannedMultipath disk;
  disk.name = TRY(object.non_empty("multipath"));
  disk.uuid = TRY(object.non_empty("uuid"));
  disk.wwid = TRY(object.non_empty("wwid"));
  disk.handler = TRY(one_word(object, "handler"));
  disk.paths = TRY(object.texts("paths"));
  if (disk.paths.empty() || disk.paths.size() > kMostPaths) {
    return PlanReader::refuse(object.name("paths"), "has an impossible number of elements");
  }
  return PlannedVolume(std::move(disk));
}

Result<PlannedVolume> read_partition(const PlanReader& object) {
  TRY(object.check_fields({"partition", "disk", "number"}));
  PlannedPartition partition;
  partition.name = TRY(object.non_empty("partition"));
  partition.disk = TRY(object.non_empty("disk"));
  partition.number = TRY(object.number_in("number", 1, kMostPartitions));
  return PlannedVolume(std::move(partition));
}

Result<PlannedVolume> read_iscsi(const PlanReader& object) {
  TRY(object.check_fields({"iscsi",
                           "initiator",
                           "group",
                           "address",
                           "port",
                           "user",
                           "password",
                           "target_user",
                           "target_password"}));
  PlannedIscsi session;
  session.target = TRY(object.non_empty("iscsi"));
  session.initiator = TRY(object.non_empty("initiator"));
  session.group = TRY(object.number_in("group", 0, kHighestNumber));
  session.address = TRY(object.text("address"));
  if (!IpAddress::parse(session.address)) {
    return PlanReader::refuse(object.name("address"), "is no IP address");
  }
  session.port = TRY(object.number_in("port", 1, kHighestNumber));
  session.user = TRY(object.text("user"));
  session.password = TRY(object.text("password"));
  session.target_user = TRY(object.text("target_user"));
  session.target_password = TRY(object.text("target_password"));
  return PlannedVolume(std::move(session));
}

Json write(const PlannedRaid& raid) {
  return {{"raid", raid.uuid}, {"metadata", raid.metadata}, {"members", raid.members}};
}

Json write(const PlannedLogicalVolume& volume) {
  return {{"logical_volume", volume.name}, {"uuid", volume.uuid}};
}

Json write(const PlannedEncrypted& volume) {
  return {{"encrypted", volume.name},
          {"uuid", volume.uuid},
          {"cipher", volume.cipher},
          {"offset", volume.offset},
          {"length", volume.length},
          {"iv_offset", volume.iv_offset},
          {"sector_size", volume.sector_size}};
}

Json write(const PlannedMultipath& disk) {
  return {{"multipath", disk.name},
          {"uuid", disk.uuid},
          {"wwid", disk.wwid},
          {"handler", disk.handler},
          {"paths", Json(disk.paths)}};
}

Json write(const PlannedPartition& partition) {
  return {{"partition", partition.name}, {"disk", partition.disk}, {"number", partition.number}};
}

Json write(const PlannedIscsi& session) {
  return {{"iscsi", session.target},
          {"initiator", session.initiator},
          {"group", session.group},
          {"address", session.address},
          {"port", session.port},
          {"user", session.user},
          {"password", session.password},
          {"target_user", session.target_user},
          {"target_password", session.target_password}};
}

}  // namespace

Result<PlannedVolume> read_volume(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  if (object.has("logical_volume")) return read_logical_volume(object);
  if (object.has("encrypted")) return read_encrypted(object);
  if (object.has("multipath")) return read_multipath(object);
  if (object.has("iscsi")) return read_iscsi(object);
  if (object.has("partition")) return read_partition(object);
  return read_raid(object);
}

Json write_volume(const PlannedVolume& volume) {
  return std::visit([](const auto& planned) { return write(planned); }, volume);
}

}  // namespace kdump::config
