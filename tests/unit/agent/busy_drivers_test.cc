// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/busy_drivers.h"

#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

TEST(BusyDrivers, AModuleThatIsStillLoading) {
  const test::TempTree tree;
  EXPECT_FALSE(drivers_are_busy(tree.root()));
  tree.write("/proc/modules", "ext4 1 0 - Live 0x0\nahci 1 0 - Loading 0x0\n");
  EXPECT_TRUE(drivers_are_busy(tree.root()));
  tree.write("/proc/modules", "ext4 1 0 - Live 0x0\nahci 1 0 - Live 0x0\nshort\n");
  EXPECT_FALSE(drivers_are_busy(tree.root()));
}

TEST(BusyDrivers, AScsiDiskWithoutABlockDevice) {
  const test::TempTree tree;
  tree.write("/sys/bus/scsi/devices/1:0:0:0/type", "5\n");  // a CD-ROM
  tree.make_directory("/sys/bus/scsi/devices/host1");
  EXPECT_FALSE(drivers_are_busy(tree.root()));
  tree.write("/sys/bus/scsi/devices/0:0:0:0/type", "0\n");
  EXPECT_TRUE(drivers_are_busy(tree.root()));
  tree.make_directory("/sys/bus/scsi/devices/0:0:0:0/block/sda");
  EXPECT_FALSE(drivers_are_busy(tree.root()));
}

TEST(BusyDrivers, AnNvmeControllerThatIsNotReady) {
  const test::TempTree tree;
  tree.write("/sys/class/nvme/nvme0/state", "live\n");
  EXPECT_FALSE(drivers_are_busy(tree.root()));
  tree.write("/sys/class/nvme/nvme1/state", "connecting\n");
  EXPECT_TRUE(drivers_are_busy(tree.root()));
}

}  // namespace
}  // namespace kdump::agent
