// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/multipath.h"

#include "capture/agent/claims.h"
#include "capture/agent/members.h"
#include "capture/agent/target_device.h"
#include "capture/agent/volumes.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Multipath : public testing::Test, public CaptureFixture {
 protected:
  Multipath() { plan.deadlines.device = 60; }

  void add_path(const std::string& name, const std::string& slot) const {
    const std::string disk = "/sys/devices/pci0000:00/" + slot + "/host/block/" + name;
    tree.write(disk + "/size", "2048\n");
    tree.write(disk + "/dev", "8:" + name + "\n");
    tree.write(disk + "/device/wwid", "naa.5\n");
    tree.link("/sys/class/block/" + name, "../.." + disk.substr(4));
    tree.write("/dev/" + name, "");
  }
  void add_both() const {
    add_path("sda", "0000:00:05.0");
    add_path("sdb", "0000:00:06.0");
  }
  void add_mapped() const {
    add_device("dm-0");
    tree.write("/sys/class/block/dm-0/dm/uuid", "mpath-35\n");
    tree.make_directory("/sys/class/block/dm-0/slaves/sda");
  }
  const config::PlannedVolume disk_ =
      config::PlannedMultipath{"mpatha", "mpath-35", "naa.5", "", {"0000:00:05.0", "0000:00:06.0"}};
  const config::PlannedVolume partition_ = config::PlannedPartition{"mpatha-part2", "mpath-35", 2};
};

TEST_F(Multipath, TheDiskHasAllItsPathsOneAtATime) {
  add_device("sdz");
  add_both();
  const auto status = set_up_volumes(context(), {disk_});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(system.calls_to("map"),
              ElementsAre("map mpatha mpath-35 [0 2048 multipath 0 0 2 1 round-robin 0 1 1 8:sda "
                          "1000 round-robin 0 1 1 8:sdb 1000]"));
  EXPECT_THAT(recorded(), HasSubstr("set up the multipath device mpatha over sda, sdb"));
}

TEST_F(Multipath, WhatTheArrayServesBestComesFirst) {
  add_both();
  tree.write("/sys/class/block/sda/device/access_state", "standby\n");
  tree.write("/sys/class/block/sdb/device/access_state", "active/optimized\n");
  auto planned = std::get<config::PlannedMultipath>(disk_);
  planned.handler = "alua";
  ASSERT_TRUE(set_up_volumes(context(), {planned}));
  EXPECT_THAT(system.calls_to("map").at(0),
              HasSubstr("multipath 0 1 alua 2 1 round-robin 0 1 1 8:sdb 1000 round-robin 0 1 1 "
                        "8:sda 1000]"));
}

TEST_F(Multipath, OnePathIsEnoughAfterAQuarterOfTheTime) {
  add_path("sdb", "0000:00:06.0");
  const Deadline start = system.now();
  ASSERT_TRUE(set_up_volumes(context(), {disk_}));
  EXPECT_GE(system.now() - start, std::chrono::seconds(15));
  EXPECT_LE(system.now() - start, std::chrono::seconds(16));
  EXPECT_THAT(system.calls_to("map"),
              ElementsAre("map mpatha mpath-35 [0 2048 multipath 0 0 1 1 round-robin 0 1 1 8:sdb "
                          "1000]"));
  EXPECT_THAT(recorded(),
              HasSubstr("WARNING: mpatha has 1 of 2 paths; missing: one behind 0000:00:05.0"));
}

TEST_F(Multipath, TheFirstPathMayBeLate) {
  int waits = 0;
  system.on_wait = [&] {
    if (++waits == 200) add_path("sda", "0000:00:05.0");
    return false;
  };
  EXPECT_TRUE(set_up_volumes(context(), {disk_}));
  EXPECT_EQ(waits, 200);
}

TEST_F(Multipath, WithoutAnyPathItEndsAtTheDeadline) {
  const Deadline start = system.now();
  const auto status = set_up_volumes(context(), {disk_});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kTimeout);
  EXPECT_THAT(status.error().message,
              HasSubstr("on the host they were behind 0000:00:05.0, 0000:00:06.0"));
  EXPECT_LE(system.now() - start, std::chrono::seconds(61));
  EXPECT_THAT(system.calls_to("map"), IsEmpty());
}

TEST_F(Multipath, APathOfAnotherSizeIsLeftOut) {
  add_both();
  tree.write("/sys/class/block/sdb/size", "4096\n");
  ASSERT_TRUE(set_up_volumes(context(), {disk_}));
  EXPECT_THAT(system.calls_to("map").at(0), HasSubstr("1 1 round-robin 0 1 1 8:sda 1000]"));
  EXPECT_THAT(recorded(), HasSubstr("sdb has 4096 sectors"));
}

TEST_F(Multipath, APartitionIsMappedAsTheTableSays) {
  add_mapped();
  const auto status = set_up_volumes(context(), {partition_});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(system.calls_to("find_partition"), ElementsAre("find_partition /dev/dm-0 2"));
  EXPECT_THAT(system.calls_to("map"),
              ElementsAre("map mpatha-part2 part2-mpath-35 [0 4096 linear 254:dm-0 2048]"));
}

TEST_F(Multipath, WithoutItsDiskThereIsNoPartition) {
  const auto status = set_up_volumes(context(), {partition_});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("mpath-35) is not set up"));
}

TEST_F(Multipath, PathsAreNeitherTargetsNorMembers) {
  add_both();
  add_mapped();
  for (const char* path : {"/dev/sda", "/dev/sdb", "/dev/dm-0"}) {
    identities[path].uuid = "1234-abcd";
    identities[path].member_type = "LVM2_member";
    identities[path].member_uuid = path;
  }
  identities["/dev/vda"] = {};
  EXPECT_TRUE(is_path(context().root, "sda"));
  EXPECT_TRUE(is_path(context().root, "sdb")) << "it came when the device was there already";
  EXPECT_FALSE(is_path(context().root, "dm-0"));
  EXPECT_FALSE(is_path(context().root, "vda"));
  EXPECT_EQ(wait_for_target_device(context(), *place().device).value_or(""), "/dev/dm-0");
  const auto members = Members(context(), Deadline::max()).of_type("LVM2_member");
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0].node, "/dev/dm-0");
}

}  // namespace
}  // namespace kdump::agent
