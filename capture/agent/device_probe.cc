// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/device_probe.h"

#include "base/fd.h"

#include <blkid/blkid.h>

#include <cerrno>
#include <memory>
#include <string_view>

namespace kdump::agent {
namespace {

struct ProbeDeleter {
  void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<blkid_struct_probe, ProbeDeleter>;

std::string value_of(const Probe& probe, const char* name) {
  const char* value = nullptr;
  if (blkid_probe_lookup_value(probe.get(), name, &value, nullptr) != 0 || value == nullptr) {
    return "";
  }
  return value;
}

}  // namespace

Result<DeviceIdentity> probe_device(const std::string& device) {
  // O_NONBLOCK: an empty drive is an error now, not a wait for a medium.
  const Fd fd = TRY(Fd::open(device, O_RDONLY | O_NONBLOCK));
  const Probe probe(blkid_new_probe());
  if (!probe) return system_error(ENOMEM, "cannot examine {}", device);
  errno = 0;
  if (blkid_probe_set_device(probe.get(), fd.raw(), 0, 0) != 0) {
    return system_error(errno != 0 ? errno : EIO, "cannot examine {}", device);
  }
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(
      probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
  blkid_probe_enable_partitions(probe.get(), 1);
  blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_ENTRY_DETAILS);

  // 0: something found, 1: nothing, -2: several signatures that exclude each other.
  errno = 0;
  const int found = blkid_do_safeprobe(probe.get());
  if (found == -2) {
    return make_error(
        ErrorKind::kBadData, "{} carries conflicting signatures (see wipefs)", device);
  }
  if (found < 0) return system_error(errno != 0 ? errno : EIO, "cannot examine {}", device);

  DeviceIdentity identity;
  if (value_of(probe, "USAGE") == "filesystem") {
    identity.fs_type = value_of(probe, "TYPE");
    identity.uuid = value_of(probe, "UUID");
    identity.label = value_of(probe, "LABEL");
  }
  const std::string usage = value_of(probe, "USAGE");
  if (usage == "raid" || usage == "crypto") {  // "raid" is libblkid's word for parts of any volume
    identity.member_type = value_of(probe, "TYPE");
    identity.member_uuid = value_of(probe, "UUID");
  }
  identity.part_uuid = value_of(probe, "PART_ENTRY_UUID");
  identity.part_label = value_of(probe, "PART_ENTRY_NAME");
  return identity;
}

Result<PartitionPlace> probe_partition(const std::string& disk, unsigned number) {
  const Fd fd = TRY(Fd::open(disk, O_RDONLY));
  const Probe probe(blkid_new_probe());
  if (!probe) return system_error(ENOMEM, "cannot examine {}", disk);
  errno = 0;
  if (blkid_probe_set_device(probe.get(), fd.raw(), 0, 0) != 0) {
    return system_error(errno != 0 ? errno : EIO, "cannot examine {}", disk);
  }
  blkid_partlist table = blkid_probe_get_partitions(probe.get());  // the probe's own
  if (table == nullptr) {
    return make_error(ErrorKind::kNotFound, "{} has no partition table", disk);
  }
  blkid_partition found = blkid_partlist_get_partition_by_partno(table, static_cast<int>(number));
  if (found == nullptr) {
    return make_error(ErrorKind::kNotFound, "{} has no partition {}", disk, number);
  }
  const blkid_loff_t start = blkid_partition_get_start(found);
  const blkid_loff_t length = blkid_partition_get_size(found);
  const blkid_loff_t sectors = blkid_probe_get_sectors(probe.get());
  if (start < 0 || length <= 0 || start > sectors || length > sectors - start) {
    return make_error(ErrorKind::kBadData, "partition {} of {} ends behind it", number, disk);
  }
  return PartitionPlace{static_cast<std::uint64_t>(start), static_cast<std::uint64_t>(length)};
}

}  // namespace kdump::agent
