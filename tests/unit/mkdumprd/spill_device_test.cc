// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/spill_device.h"

#include "config/spill_area.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::HasSubstr;

class SpillDeviceTest : public testing::Test {
 protected:
  SpillDeviceTest() {
    facts_.device.name = "vdd1";
    facts_.device.node = "/dev/vdd1";
    facts_.probed.part_uuid = "12-34";
    tree_.write("/sys/class/block/vdd1/size", "2048\n");  // 1 MiB
  }
  [[nodiscard]] Result<SpillPlan> plan() const {
    return plan_spill_device(tree_.root(), spill_, facts_);
  }
  void refused_because(const std::string& why) const {
    const auto refused = plan();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("\"spill_device PARTUUID=12-34\" " + why));
  }
  kdump::test::TempTree tree_;
  config::SpillDevice spill_{"PARTUUID=12-34", 0};
  TargetFacts facts_;
};

TEST_F(SpillDeviceTest, AnEmptyPartitionIsUsedAsFarAsItHelps) {
  ASSERT_TRUE(plan()) << plan().error().message;
  EXPECT_EQ(plan()->raw.device.value, "12-34");
  EXPECT_EQ(plan()->size, 1U << 20U);
  spill_.size = 1U << 19U;
  EXPECT_EQ(plan()->size, 1U << 19U);
  spill_.size = 0;
  tree_.write("/sys/class/block/vdd1/size", "2000000000\n");
  EXPECT_EQ(plan()->size, config::kMostSpillArea);
}

TEST_F(SpillDeviceTest, WhatIsInUseIsRefused) {
  facts_.probed.type = "xfs";
  refused_because("carries xfs");
  facts_.probed.type.clear();
  facts_.has_partitions = true;
  refused_because("has partitions");
  facts_.has_partitions = false;
  facts_.mount.emplace();
  facts_.mount->mount_point = "/home";
  refused_because("is mounted on /home");
  facts_.mount.reset();
  tree_.write("/proc/swaps", "Filename Type\n/dev/vdd1 partition 1 0 -2\n");
  refused_because("is used as swap space");
}

TEST_F(SpillDeviceTest, WhatIsTooSmallIsRefused) {
  spill_.size = 2U << 20U;
  refused_because("has 1024 KiB, which is less than kdump.conf says");
  spill_.size = 0;
  tree_.write("/sys/class/block/vdd1/size", "100\n");
  refused_because("has 50 KiB, which is less than the 64 KiB that a spill area needs");
}

TEST_F(SpillDeviceTest, WithoutALastingNameItIsRefused) {
  facts_.probed.part_uuid.clear();
  refused_because("has neither a PARTUUID nor a serial number");
}

}  // namespace
}  // namespace kdump::mkdumprd
