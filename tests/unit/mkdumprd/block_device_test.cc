// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/block_device.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using test::TestHost;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

constexpr const char* kPci = "/sys/devices/pci0000:00/0000:00:04.0";
constexpr const char* kVirtio = "/sys/devices/pci0000:00/0000:00:04.0/virtio1";

TEST(BlockDevice, StackFromTheBusToTheDisk) {
  const TestHost host;
  const auto device = read_block_device(host.root(), "254:16");
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->name, "vdb");
  EXPECT_EQ(device->node, "/dev/vdb");
  EXPECT_EQ(device->obstacle, "");
  EXPECT_THAT(
      device->stack,
      ElementsAre(
          StackDevice{
              kPci, "pci:v00001AF4d00001001sv0sd0bc01sc00i00", "test-pci", "test_bus", true},
          StackDevice{kVirtio, "virtio:d00000002v00001AF4", "test_disk", "test_disk", true}));
}

TEST(BlockDevice, PartitionHasTheStackOfItsDisk) {
  TestHost host;
  host.add_partition(std::string(kVirtio) + "/block/vdb", "vdb1", "254:17");
  const auto partition = read_block_device(host.root(), "254:17");
  const auto disk = read_block_device(host.root(), "254:16");
  ASSERT_TRUE(partition);
  ASSERT_TRUE(disk);
  EXPECT_EQ(partition->name, "vdb1");
  EXPECT_EQ(partition->node, "/dev/vdb1");
  EXPECT_EQ(partition->stack, disk->stack);
  EXPECT_EQ(partition->obstacle, "");
}

TEST(BlockDevice, BuiltInDriverHasNoInitstate) {
  TestHost host;
  host.add_disk("/sys/devices/pci0000:00/0000:00:05.0", "sdz", "8:400");
  host.tree().make_directory("/sys/bus/test/drivers/ahci");
  host.tree().make_directory("/sys/module/ahci");
  host.tree().link("/sys/bus/test/drivers/ahci/module", "../../../../module/ahci");
  host.tree().link("/sys/devices/pci0000:00/0000:00:05.0/driver", "../../../bus/test/drivers/ahci");
  const auto device = read_block_device(host.root(), "8:400");
  ASSERT_TRUE(device);
  ASSERT_EQ(device->stack.size(), 1U);
  EXPECT_EQ(device->stack[0].module, "ahci");
  EXPECT_FALSE(device->stack[0].module_is_loaded);
}

TEST(BlockDevice, SlashInAName) {
  TestHost host;
  host.add_disk("/sys/devices/pci0000:00/0000:00:06.0", "cciss!c0d0", "104:0");
  host.tree().write("/sys/devices/pci0000:00/0000:00:06.0/block/cciss!c0d0/uevent",
                    "MAJOR=104\nDEVNAME=cciss/c0d0\n");
  const auto device = read_block_device(host.root(), "104:0");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->node, "/dev/cciss/c0d0");
}

TEST(BlockDevice, ControllersOfMultipathNvme) {
  TestHost host;
  const std::string subsystem = "/sys/devices/virtual/nvme-subsystem/nvme-subsys0";
  host.tree().write(subsystem + "/nvme0n1/dev", "259:0\n");
  host.tree().write(subsystem + "/nvme0n1/uevent", "DEVNAME=nvme0n1\n");
  host.tree().link("/sys/dev/block/259:0", "../../.." + subsystem + "/nvme0n1");
  for (const int n : {0, 1}) {
    const std::string pci = fmt::format("/devices/pci0000:00/0000:00:0{}.0", n);
    const std::string controller = fmt::format("{}/nvme/nvme{}", pci, n);
    host.tree().write("/sys" + pci + "/modalias", fmt::format("pci:nvme{}", n));
    host.tree().write("/sys" + controller + "/transport", "pcie\n");
    host.tree().link(fmt::format("{}/nvme{}", subsystem, n), "../../../.." + controller);
  }
  host.tree().link(subsystem + "/nvme0c0n1", "elsewhere");
  const auto device = read_block_device(host.root(), "259:0");
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->obstacle, "");
  EXPECT_THAT(device->stack,
              ElementsAre(Field(&StackDevice::modalias, "pci:nvme0"),
                          Field(&StackDevice::modalias, "pci:nvme1")));

  host.tree().write("/sys/devices/pci0000:00/0000:00:01.0/nvme/nvme1/transport", "tcp\n");
  const auto remote = read_block_device(host.root(), "259:0");
  ASSERT_TRUE(remote);
  EXPECT_THAT(remote->obstacle, HasSubstr("NVMe over fabrics (tcp)"));
}

struct ObstacleCase {
  const char* what;
  const char* parent;
  const char* name;
  const char* file;  ///< below the disk, or absolute
  const char* text;
  const char* obstacle;
};

class BlockDeviceObstacle : public testing::TestWithParam<ObstacleCase> {};

TEST_P(BlockDeviceObstacle, IsNamed) {
  const ObstacleCase& c = GetParam();
  TestHost host;
  host.add_disk(c.parent, c.name, "9:9");
  const std::string disk = std::string(c.parent) + "/block/" + c.name;
  if (c.file != nullptr) host.tree().write(c.file[0] == '/' ? c.file : disk + "/" + c.file, c.text);
  const auto device = read_block_device(host.root(), "9:9");
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_THAT(device->obstacle, HasSubstr(c.obstacle));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    BlockDeviceObstacle,
    testing::Values(
        ObstacleCase{
            "lvm", "/sys/devices/virtual", "dm-0", "dm/uuid", "LVM-abc\n", "LVM logical volume"},
        ObstacleCase{
            "luks", "/sys/devices/virtual", "dm-1", "dm/uuid", "CRYPT-LUKS2-a\n", "encrypted"},
        ObstacleCase{"mpath",
                     "/sys/devices/virtual",
                     "dm-2",
                     "dm/uuid",
                     "mpath-36\n",
                     "a multipath device without a path"},
        ObstacleCase{"dm", "/sys/devices/virtual", "dm-3", "dm/uuid", "\n", "device-mapper"},
        ObstacleCase{"md", "/sys/devices/virtual", "md0", "md/level", "raid1\n", "software RAID"},
        ObstacleCase{
            "loop", "/sys/devices/virtual", "loop0", "loop/backing_file", "/x", "loop device"},
        ObstacleCase{
            "bcache", "/sys/devices/virtual", "bcache0", "slaves/sda/x", "", "stacked on sda"},
        ObstacleCase{"zram", "/sys/devices/virtual", "zram0", nullptr, "", "virtual block device"},
        ObstacleCase{"iscsi",
                     "/sys/devices/platform/host3/session1/target3:0:0/3:0:0:1",
                     "sdc",
                     "/sys/devices/platform/host3/session1/iscsi_session/x",
                     "",
                     "iSCSI"},
        ObstacleCase{"rbd", "/sys/devices/rbd/0", "rbd0", nullptr, "", "Ceph RBD"},
        ObstacleCase{"fcoe",
                     "/sys/devices/pci0000:00/0000:00:05.0/net/eth0/ctlr_0/host7/7:0:0:0",
                     "sdd",
                     nullptr,
                     "",
                     "FCoE"},
        ObstacleCase{"nvmf",
                     "/sys/devices/fabrics/ctl/nvme3",
                     "nvme3n1",
                     "/sys/devices/fabrics/ctl/nvme3/transport",
                     "rdma\n",
                     "NVMe over fabrics (rdma)"}),
    [](const auto& row) { return std::string(row.param.what); });

TEST(BlockDevice, AbsentDeviceIsNotFound) {
  const TestHost host;
  const auto device = read_block_device(host.root(), "1:1");
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().kind, ErrorKind::kNotFound);
}

TEST(BlockDevice, ListsAllNumbers) {
  TestHost host;
  host.add_disk("/sys/devices/pci0000:00/0000:00:06.0", "sda", "8:0");
  const auto numbers = list_block_devices(host.root());
  ASSERT_TRUE(numbers);
  EXPECT_THAT(*numbers, ElementsAre("8:0", "254:16"));
}

}  // namespace
}  // namespace kdump::mkdumprd
