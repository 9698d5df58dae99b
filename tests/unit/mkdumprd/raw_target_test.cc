// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/raw_target.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using config::PlannedDevice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RawTarget : public testing::Test {
 protected:
  RawTarget() {
    facts_.device.name = "vdd1";
    facts_.device.node = "/dev/vdd1";
    facts_.probed.part_uuid = "12-34";
  }
  [[nodiscard]] Result<RawTargetPlan> plan() const {
    return plan_raw_target(tree_.root(), {"/dev/vdd1"}, facts_);
  }
  void refused_because(const std::string& why) const {
    const auto refused = plan();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr(why));
  }
  kdump::test::TempTree tree_;
  TargetFacts facts_;
};

TEST_F(RawTarget, APartitionIsKnownByItsUuid) {
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->raw.device, (PlannedDevice{PlannedDevice::By::kPartUuid, "12-34"}));
  EXPECT_THAT(planned->warnings, IsEmpty());
}

TEST_F(RawTarget, AWholeDiskIsKnownByWhatSysfsSays) {
  facts_.probed.part_uuid.clear();
  tree_.write("/sys/class/block/vdd1/serial", "S1\n");
  EXPECT_EQ(plan()->raw.device, (PlannedDevice{PlannedDevice::By::kSerial, "S1"}));
  tree_.write("/sys/class/block/vdd1/device/wwid", "naa.1\n");
  EXPECT_EQ(plan()->raw.device, (PlannedDevice{PlannedDevice::By::kWwid, "naa.1"}));
}

TEST_F(RawTarget, AVolumeIsKnownByItsName) {
  facts_.probed.part_uuid.clear();
  tree_.write("/sys/class/block/vdd1/dm/name", "vg-dumps\n");
  EXPECT_EQ(plan()->raw.device, (PlannedDevice{PlannedDevice::By::kMapped, "vg-dumps"}));
}

TEST_F(RawTarget, ANameAloneIsNotEnoughToOverwriteSomething) {
  facts_.probed.part_uuid.clear();
  refused_because("neither a PARTUUID nor a serial number");
}

TEST_F(RawTarget, WhatIsInUseIsRefused) {
  facts_.mount.emplace();
  facts_.mount->mount_point = "/home";
  refused_because("is mounted on /home");
  facts_.mount.reset();
  facts_.is_part_of_another = true;
  refused_because("part of a volume");
  facts_.is_part_of_another = false;
  tree_.write("/proc/swaps", "Filename Type\n/dev/vdd1 partition 1 0 -2\n");
  refused_because("swap");
}

TEST_F(RawTarget, AFileSystemOnItIsAWarning) {
  facts_.probed.type = "xfs";
  EXPECT_THAT(plan()->warnings, ElementsAre(HasSubstr("Detected 'xfs' signature on /dev/vdd1")));
}

}  // namespace
}  // namespace kdump::mkdumprd
