// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/multipath.h"

#include "tests/support/lvm_builder.h"
#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using config::PlannedMultipath;
using config::PlannedPartition;
using config::PlannedVolume;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

constexpr const char* kVirtual = "/sys/devices/virtual/block/";

/// sda and sdb behind two adapters, dm-0 (mpatha) over them, dm-1 its first partition.
class Multipath : public testing::Test {
 protected:
  Multipath() {
    add_path("0000:00:05.0", "host2", "sda", "8:0");
    add_path("0000:00:06.0", "host3", "sdb", "8:16");
    add_mapped("dm-0", "253:0", "mpatha", "mpath-35000c500", {"sda", "sdb"});
    add_mapped("dm-1", "253:1", "mpatha-part1", "part1-mpath-35000c500", {"dm-0"});
  }
  void add_path(const std::string& slot,
                const std::string& scsi_host,
                const std::string& name,
                const std::string& number) {
    const std::string adapter = "/sys/devices/pci0000:00/" + slot;
    const std::string parent = adapter + "/" + scsi_host + "/target/" + scsi_host + ":0:0:0";
    host_.tree().write(adapter + "/modalias", "pci:adapter\n");
    host_.tree().write(parent + "/modalias", "scsi:t-0x00\n");
    host_.add_disk(parent, name, number);
    host_.tree().link(parent + "/block/" + name + "/device", "../..");
    host_.tree().write(parent + "/wwid", "naa.5000c500\n");
    host_.tree().write(parent + "/dh_state", "detached\n");
  }
  void add_mapped(const std::string& name,
                  const std::string& number,
                  const std::string& map,
                  const std::string& uuid,
                  const std::vector<std::string>& slaves) {
    host_.add_disk("/sys/devices/virtual", name, number);
    host_.tree().write(kVirtual + name + "/dm/uuid", uuid + "\n");
    host_.tree().write(kVirtual + name + "/dm/name", map + "\n");
    for (const std::string& slave : slaves) {
      host_.tree().make_directory(kVirtual + name + "/slaves/" + slave);
    }
  }
  void write(const std::string& disk, const std::string& file, const std::string& text) const {
    host_.tree().write("/sys/class/block/" + disk + "/device/" + file, text + "\n");
  }
  [[nodiscard]] BlockDevice read(const std::string& number) const {
    return read_block_device(host_.root(), number).value_or(BlockDevice{});
  }
  const PlannedMultipath disk_{
      "mpatha", "mpath-35000c500", "naa.5000c500", "", {"0000:00:05.0", "0000:00:06.0"}};
  test::TestHost host_;
};

TEST_F(Multipath, ADiskBringsAllItsPaths) {
  const BlockDevice device = read("253:0");
  EXPECT_EQ(device.obstacle, "");
  EXPECT_THAT(device.volumes, ElementsAre(PlannedVolume(disk_)));
  EXPECT_THAT(device.volume_modules, ElementsAre("dm_mod", "dm_multipath", "dm_round_robin"));
  for (const char* slot : {"0000:00:05.0", "0000:00:06.0"}) {
    EXPECT_THAT(
        device.stack,
        Contains(Field(&StackDevice::sysfs_path, "/sys/devices/pci0000:00/" + std::string(slot))));
  }
}

TEST_F(Multipath, TheHardwareHandlerIsKept) {
  write("sdb", "dh_state", "alua");
  const BlockDevice device = read("253:0");
  EXPECT_THAT(device.volume_modules, Contains("scsi_dh_alua"));
  EXPECT_EQ(std::get<PlannedMultipath>(device.volumes.at(0)).handler, "alua");
}

TEST_F(Multipath, APartitionComesAfterItsDisk) {
  const BlockDevice device = read("253:1");
  EXPECT_EQ(device.obstacle, "");
  EXPECT_THAT(device.volumes,
              ElementsAre(PlannedVolume(disk_),
                          PlannedVolume(PlannedPartition{"mpatha-part1", "mpath-35000c500", 1})));
}

TEST_F(Multipath, AVolumeGroupFindsItsPhysicalVolumeOnTheDisk) {
  host_.tree().write("/dev/dm-1",
                     kdump::test::lvm_physical_volume(kdump::test::lvm_metadata_text()));
  add_mapped("dm-2",
             "253:2",
             "vg-lin",
             "LVM-" + kdump::test::lvm_uuid('G') + kdump::test::lvm_uuid('L'),
             {"dm-1"});
  const BlockDevice device = read("253:2");
  EXPECT_EQ(device.obstacle, "");
  ASSERT_EQ(device.volumes.size(), 3U);
  EXPECT_EQ(device.volumes[0], PlannedVolume(disk_));
  EXPECT_EQ(device.volumes[2],
            PlannedVolume(config::PlannedLogicalVolume{"vg-lin", kdump::test::lvm_uuid('L')}));
}

TEST_F(Multipath, PathsMustNameTheSameDisk) {
  write("sdb", "wwid", "naa.6000");
  EXPECT_THAT(read("253:0").obstacle, HasSubstr("sdb has another wwid than the rest"));
  write("sda", "wwid", "");
  EXPECT_THAT(read("253:0").obstacle, HasSubstr("sda has no wwid"));
}

TEST_F(Multipath, PartitionsOfOtherThingsAreNoneOfIt) {
  for (const char* uuid :
       {"part1-other", "part-mpath-35000c500", "part0-mpath-35000c500", "part"}) {
    host_.tree().write(kVirtual + std::string("dm-1/dm/uuid"), std::string(uuid) + "\n");
    EXPECT_EQ(read("253:1").obstacle, "a device-mapper device") << uuid;
  }
}

}  // namespace
}  // namespace kdump::mkdumprd
