// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/stacked_device.h"

#include "config/volume_key.h"
#include "tests/support/luks_builder.h"
#include "tests/support/lvm_builder.h"
#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using config::PlannedLogicalVolume;
using config::PlannedRaid;
using config::PlannedVolume;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

constexpr const char* kPci = "/sys/devices/pci0000:00/0000:00:05.0";

/// A disk vdd with a modalias below, and dm-0 or md0 on it.
class StackedDevice : public testing::Test {
 protected:
  StackedDevice() {
    host_.add_disk(kPci, "vdd", "254:48");
    host_.tree().write(std::string(kPci) + "/modalias", "pci:disk\n");
    host_.tree().write("/dev/vdd", test::ext4_bytes());
  }
  void add_volume_disk(const std::string& name, const std::string& number) {
    host_.add_disk("/sys/devices/virtual", name, number);
    host_.tree().make_directory("/sys/devices/virtual/block/" + name + "/slaves/vdd");
  }
  void write(const std::string& name, const std::string& text) const {
    host_.tree().write("/sys/devices/virtual/block/" + name, text + "\n");
  }
  test::TestHost host_;
};

TEST_F(StackedDevice, ALogicalVolumeBringsItsDisk) {
  host_.tree().write("/dev/vdd",
                     kdump::test::lvm_physical_volume(kdump::test::lvm_metadata_text()));
  add_volume_disk("dm-0", "253:0");
  write("dm-0/dm/uuid", "LVM-" + kdump::test::lvm_uuid('G') + kdump::test::lvm_uuid('L'));
  write("dm-0/dm/name", "vg-lin");
  const auto device = read_block_device(host_.root(), "253:0");
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->obstacle, "");
  EXPECT_THAT(
      device->volumes,
      ElementsAre(PlannedVolume(PlannedLogicalVolume{"vg-lin", kdump::test::lvm_uuid('L')})));
  EXPECT_THAT(device->volume_modules, ElementsAre("dm_mod"));
  EXPECT_THAT(device->stack, Contains(Field(&StackDevice::modalias, "pci:disk")));

  write("dm-0/dm/uuid", "LVM-" + kdump::test::lvm_uuid('G') + kdump::test::lvm_uuid('C'));
  const auto cached = read_block_device(host_.root(), "253:0");
  ASSERT_TRUE(cached);
  EXPECT_THAT(cached->obstacle, HasSubstr("with a part of type 'cache'"));
}

/// A thin volume dm-3 on the pool dm-2 of dm-0 (metadata) and dm-1 (data).
class ThinVolume : public StackedDevice {
 protected:
  ThinVolume() {
    host_.tree().write("/dev/vdd",
                       kdump::test::lvm_physical_volume(kdump::test::lvm_metadata_text()));
    const auto uuid = [](char letter) {
      return "LVM-" + kdump::test::lvm_uuid('G') + kdump::test::lvm_uuid(letter);
    };
    add_volume_disk("dm-0", "253:0");
    write("dm-0/dm/uuid", uuid('M') + "-tmeta");
    add_volume_disk("dm-1", "253:1");
    write("dm-1/dm/uuid", uuid('D') + "-tdata");
    for (const char* disk : {"dm-2", "dm-3"}) {
      host_.add_disk("/sys/devices/virtual", disk, std::string("253:") + disk[3]);
    }
    write("dm-2/dm/uuid", uuid('P') + "-tpool");
    host_.tree().make_directory("/sys/devices/virtual/block/dm-2/slaves/dm-0");
    host_.tree().make_directory("/sys/devices/virtual/block/dm-2/slaves/dm-1");
    write("dm-3/dm/uuid", uuid('T'));
    write("dm-3/dm/name", "vg-thin");
    host_.tree().make_directory("/sys/devices/virtual/block/dm-3/slaves/dm-2");
    set_pool({1000, 400, 128, false});
  }
  void set_pool(const ThinPoolState& state) const {
    host_.tree().write("/dev/dm-0", kdump::test::thin_pool_metadata(state));
  }
  [[nodiscard]] BlockDevice read(const std::string& number = "253:3") const {
    return read_block_device(host_.root(), number).value_or(BlockDevice{});
  }
};

TEST_F(ThinVolume, BringsItsPoolAndItsDisk) {
  const BlockDevice device = read();
  EXPECT_EQ(device.obstacle, "");
  EXPECT_THAT(
      device.volumes,
      ElementsAre(PlannedVolume(PlannedLogicalVolume{"vg-thin", kdump::test::lvm_uuid('T')})));
  EXPECT_THAT(device.volume_modules, ElementsAre("dm_mod", "dm_thin_pool"));
  EXPECT_THAT(device.stack, Contains(Field(&StackDevice::modalias, "pci:disk")));
  EXPECT_THAT(device.warnings, testing::IsEmpty());
}

TEST_F(ThinVolume, WithAPoolThatIsNearlyFullIsWarnedOf) {
  set_pool({1000, 901, 128, false});
  const BlockDevice device = read();
  EXPECT_EQ(device.obstacle, "");
  EXPECT_THAT(device.warnings, ElementsAre(HasSubstr("vg/pool has only 6.2 MiB left")));
}

TEST_F(ThinVolume, WithAPoolThatTakesNoWritesIsRefused) {
  set_pool({1000, 400, 128, true});
  EXPECT_THAT(read().obstacle, HasSubstr("until \"lvconvert --repair vg/pool\""));
  host_.tree().write("/dev/dm-0", std::string(4096, '\0'));
  EXPECT_THAT(read().obstacle, HasSubstr("no metadata of a thin pool"));
}

TEST_F(ThinVolume, ItsPoolIsNoTarget) {
  for (const char* part : {"253:0", "253:1", "253:2"}) {
    EXPECT_EQ(read(part).obstacle, "an internal part of an LVM logical volume") << part;
  }
}

TEST_F(StackedDevice, AnArrayNamesItsLevelAndMembers) {
  // struct mdp_superblock_1 (include/uapi/linux/raid/md_p.h) of version 1.2, 4 KiB into the disk.
  std::string bytes(std::size_t{8} << 20U, '\0');
  const std::string magic{"\xfc\x4e\x2b\xa9", 4};
  bytes.replace(4096, 4, magic);
  bytes[4096 + 4] = 1;
  for (int i = 0; i < 16; ++i)
    bytes[static_cast<std::size_t>(4096 + 16 + i)] = static_cast<char>(i + 1);
  bytes[4096 + 144] = 8;  // super_offset, in sectors
  host_.tree().write("/dev/vdd", bytes);
  add_volume_disk("md0", "9:0");
  write("md0/md/level", "raid5");
  write("md0/md/metadata_version", "1.2");
  write("md0/md/raid_disks", "3");
  const auto device = read_block_device(host_.root(), "9:0");
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->obstacle, "");
  EXPECT_THAT(
      device->volumes,
      ElementsAre(PlannedVolume(PlannedRaid{"01020304-0506-0708-090a-0b0c0d0e0f10", "1.2", 3})));
  EXPECT_THAT(device->volume_modules, ElementsAre("md_mod", "raid456"));

  EXPECT_THAT(device->warnings, testing::IsEmpty());
  write("md0/md/degraded", "1");
  EXPECT_THAT(read_block_device(host_.root(), "9:0")->warnings,
              ElementsAre(HasSubstr("md0 lacks 1 of its 3 members")));

  write("md0/md/raid_disks", "1");
  host_.add_disk("/sys/devices/pci0000:00/0000:00:07.0", "vde", "254:64");
  host_.tree().make_directory("/sys/devices/virtual/block/md0/slaves/vde");
  EXPECT_EQ(std::get<PlannedRaid>(read_block_device(host_.root(), "9:0")->volumes.at(0)).members,
            2U)
      << "one of them is a spare";

  write("md0/md/metadata_version", "external:imsm");
  const auto external = read_block_device(host_.root(), "9:0");
  ASSERT_TRUE(external);
  EXPECT_THAT(external->obstacle, HasSubstr("external:imsm"));
}

TEST_F(StackedDevice, WhatLiesBelowCanBeInTheWay) {
  add_volume_disk("dm-1", "253:1");
  write("dm-1/dm/uuid", "CRYPT-LUKS2-x");
  add_volume_disk("dm-0", "253:0");
  host_.tree().make_directory("/sys/devices/virtual/block/dm-0/slaves/dm-1");
  write("dm-0/dm/uuid", "LVM-" + kdump::test::lvm_uuid('G') + kdump::test::lvm_uuid('L'));
  const auto device = read_block_device(host_.root(), "253:0");
  ASSERT_TRUE(device);
  EXPECT_THAT(device->obstacle, HasSubstr("encrypted"));
}

TEST_F(StackedDevice, AnEncryptedVolumeNeedsAKernelThatHandsOnItsKey) {
  host_.tree().write("/dev/vdd", kdump::test::luks_device_of_segment(kdump::test::kLuksSegment));
  add_volume_disk("dm-0", "253:0");
  write("dm-0/dm/uuid", "CRYPT-LUKS2-0381383656e61ab3b58e27507ac41937-luks-x");
  write("dm-0/dm/name", "luks-x");
  const auto refused = read_block_device(host_.root(), "253:0");
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->obstacle, HasSubstr("CONFIG_CRASH_DM_CRYPT"));

  host_.tree().make_directory(config::kVolumeKeysPath);
  const auto device = read_block_device(host_.root(), "253:0");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->obstacle, "");
  EXPECT_THAT(device->volumes,
              ElementsAre(PlannedVolume(config::PlannedEncrypted{
                  "luks-x", kdump::test::kLuksUuid, "aes-xts-plain64", 32768, 0, 0, 4096})));
  EXPECT_THAT(device->volume_modules,
              ElementsAre("dm_mod", "dm_crypt", "crypto-aes", "crypto-xts", "crypto-plain64"));
}

TEST_F(StackedDevice, ACircleEnds) {
  add_volume_disk("dm-0", "253:0");
  host_.tree().make_directory("/sys/devices/virtual/block/dm-0/slaves/dm-0");
  write("dm-0/dm/uuid", "LVM-" + kdump::test::lvm_uuid('G') + kdump::test::lvm_uuid('L'));
  EXPECT_TRUE(read_block_device(host_.root(), "253:0"));
}

}  // namespace
}  // namespace kdump::mkdumprd
