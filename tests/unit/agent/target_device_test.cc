// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/target_device.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::agent {
namespace {

using By = config::PlannedDevice::By;
using testing::HasSubstr;
using testing::Not;

TEST(IsPlannedDevice, ComparesTheRightProperty) {
  const DeviceIdentity identity{"ext4", "abcd-EF01", "Label", "11-aa", "Part", "", ""};
  struct Row {
    By by;
    const char* value;
    bool same;
  };
  const std::array rows{
      Row{By::kUuid, "ABCD-ef01", true},
      Row{By::kUuid, "ABCD-ef0", false},
      Row{By::kUuid, "11-aa", false},
      Row{By::kLabel, "Label", true},
      Row{By::kLabel, "label", false},
      Row{By::kPartUuid, "11-AA", true},
      Row{By::kPartUuid, "abcd-EF01", false},
      Row{By::kPartLabel, "Part", true},
      Row{By::kPartLabel, "Label", false},
      Row{By::kPath, "/dev/sda", true},
      Row{By::kPath, "/dev/sda1", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(is_planned_device({row.by, row.value}, "/dev/sda", identity), row.same) << row.value;
  }
}

class TargetDevice : public testing::Test, public CaptureFixture {};

TEST_F(TargetDevice, IsFoundAmongOthers) {
  add_device("sda");
  add_device("sda1");
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*device, "/dev/vda");
}

TEST_F(TargetDevice, IsFoundByWhatSysfsSaysOfTheDisk) {
  add_device("sda");
  tree.write("/sys/class/block/sda/device/wwid", "naa.1234\n");
  tree.write("/sys/class/block/vda/serial", "S1\n");
  EXPECT_EQ(wait_for_target_device(context(), {By::kWwid, "naa.1234"}).value_or(""), "/dev/sda");
  EXPECT_EQ(wait_for_target_device(context(), {By::kSerial, "S1"}).value_or(""), "/dev/vda");
  EXPECT_TRUE(system.calls_to("identify").empty());
}

TEST_F(TargetDevice, AVolumeIsFoundByTheNameThatItWasGiven) {
  for (const char* name : {"dm-0", "dm-1"}) add_device(name);
  tree.write("/sys/class/block/dm-0/dm/name", "vg-other\n");
  tree.write("/sys/class/block/dm-1/dm/name", "vg-dumps\n");
  const config::PlannedDevice dumps{By::kMapped, "vg-dumps"};
  EXPECT_EQ(wait_for_target_device(context(), dumps).value_or(""), "/dev/dm-1");
  EXPECT_THAT(recorded(), HasSubstr("found the dump target /dev/mapper/vg-dumps: /dev/dm-1"));
}

TEST_F(TargetDevice, IsFoundByItsPathWithoutReadingIt) {
  *place().device = {By::kPath, "/dev/vda"};
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*device, "/dev/vda");
  EXPECT_TRUE(system.calls_to("identify").empty());
}

TEST_F(TargetDevice, NodesOfNamesWithASlashAreFound) {
  identities["/dev/vda"].uuid.clear();
  tree.write("/sys/class/block/cciss!c0d0/size", "2048\n");
  tree.write("/dev/cciss/c0d0", "");
  identities["/dev/cciss/c0d0"].uuid = "1234-abcd";
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*device, "/dev/cciss/c0d0");
}

TEST_F(TargetDevice, WhatAVolumeHasClaimedIsNotTheTarget) {
  // Both a thin pool's data and a partition of a path can carry the very file system.
  add_device("dm-1");
  identities["/dev/dm-1"].uuid = "1234-abcd";
  tree.make_directory("/sys/class/block/dm-1/holders/dm-2");
  tree.make_directory("/sys/devices/sda/holders/dm-0");
  tree.make_directory("/sys/devices/sda/sda1/holders");
  tree.write("/sys/devices/sda/sda1/size", "2048\n");
  tree.write("/sys/devices/sda/sda1/partition", "1\n");
  tree.link("/sys/class/block/sda1", "../../devices/sda/sda1");
  tree.write("/dev/sda1", "");
  identities["/dev/sda1"].uuid = "1234-abcd";
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*device, "/dev/vda");
  EXPECT_EQ(system.calls_to("identify").size(), 1U);
}

TEST_F(TargetDevice, MayAppearLate) {
  identities["/dev/vda"].uuid.clear();
  identities["/dev/sdb"].uuid = "1234-abcd";
  int waits = 0;
  system.on_wait = [&] {
    if (++waits == 30) add_device("sdb");
    return waits == 30;
  };
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*device, "/dev/sdb");
}

TEST_F(TargetDevice, ADeviceThatChangesIsLookedAtAtOnce) {
  identities["/dev/vda"].uuid.clear();
  int waits = 0;
  system.on_wait = [&] {
    if (++waits < 5) return false;
    identities["/dev/vda"].uuid = "1234-abcd";
    return true;
  };
  ASSERT_TRUE(wait_for_target_device(context(), *place().device));
  EXPECT_EQ(waits, 5);
}

TEST_F(TargetDevice, DevicesAreNotReadOverAndOver) {
  identities["/dev/vda"].uuid = "other";
  EXPECT_FALSE(wait_for_target_device(context(), *place().device));
  EXPECT_GE(system.calls_to("identify").size(), 10U);
  EXPECT_LE(system.calls_to("identify").size(), plan.deadlines.device);
}

TEST_F(TargetDevice, OneWithoutAMediumIsNotRead) {
  tree.write("/sys/class/block/sr0/size", "0\n");
  tree.write("/dev/sr0", "");
  ASSERT_TRUE(wait_for_target_device(context(), *place().device));
  EXPECT_THAT(system.calls, Not(testing::Contains("identify /dev/sr0")));
}

TEST_F(TargetDevice, ASickDeviceHoldsUpNoOther) {
  add_device("sda");
  identities["/dev/vda"].uuid.clear();
  system.on_identify = [&](const std::string& device, Deadline deadline) -> Result<DeviceIdentity> {
    if (device != "/dev/sda") return identities[device];
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return make_error(ErrorKind::kTimeout, "examine /dev/sda: not done in time");
  };
  int waits = 0;
  system.on_wait = [&] {
    if (++waits == 20) identities["/dev/vda"].uuid = "1234-abcd";
    return false;
  };
  const Deadline start = system.now();
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_LT(system.now() - start, std::chrono::seconds(30));
  EXPECT_THAT(recorded(), HasSubstr("examine /dev/sda: not done in time"));
}

TEST_F(TargetDevice, ASickTargetGetsMorePatience) {
  system.on_identify = [&](const std::string& device, Deadline deadline) -> Result<DeviceIdentity> {
    // A disk that spins up takes ten seconds to answer.
    if (deadline - system.now() >= std::chrono::seconds(10)) return identities[device];
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return make_error(ErrorKind::kTimeout, "slow");
  };
  EXPECT_TRUE(wait_for_target_device(context(), *place().device));
}

TEST_F(TargetDevice, AbsenceIsReportedAtTheDeadlineWithWhatIsThere) {
  plan.deadlines.device = 7;
  *place().device = {By::kLabel, "dumps"};
  identities["/dev/vda"] = {"xfs", "1-2", "other", "3-4", "part", "", ""};
  const Deadline start = system.now();
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(system.now() - start, std::chrono::seconds(7));
  EXPECT_THAT(device.error().message, HasSubstr("LABEL=dumps did not appear within 7 s"));
  EXPECT_THAT(device.error().message,
              HasSubstr("/dev/vda xfs UUID=1-2 LABEL=other PARTUUID=3-4 PARTLABEL=part"));
}

TEST_F(TargetDevice, AbsenceOfAPathIsReportedWithWhatIsThere) {
  *place().device = {By::kPath, "/dev/vda2"};
  const auto device = wait_for_target_device(context(), *place().device);
  ASSERT_FALSE(device);
  EXPECT_THAT(device.error().message, HasSubstr("block devices here:\n  /dev/vda\n"));
}

TEST_F(TargetDevice, AbsenceOfEverythingIsReported) {
  const test::TempTree empty;
  CaptureContext nothing{plan, empty.root(), system, log, steps, memory, reserve};
  const auto device = wait_for_target_device(nothing, *place().device);
  ASSERT_FALSE(device);
  EXPECT_THAT(device.error().message, HasSubstr("no other block device"));
}

/// Whether a device that does not come is given up before its deadline.
class TargetDeviceGone : public TargetDevice {
 protected:
  TargetDeviceGone() {
    identities["/dev/vda"].uuid = "other";
    system.last_event = system.now();
    add_fallback();
  }
  std::chrono::seconds wait_in_vain() {
    const Deadline start = system.now();
    EXPECT_FALSE(wait_for_target_device(context(), *place().device));
    return std::chrono::duration_cast<std::chrono::seconds>(system.now() - start);
  }
  static constexpr std::chrono::seconds kDeadline{60};
  static constexpr std::chrono::seconds kEarly{20};
};

TEST_F(TargetDeviceGone, WhenTheKernelIsSilentTheNextTargetHasItsTurn) {
  EXPECT_LT(wait_in_vain(), kEarly);
}

TEST_F(TargetDeviceGone, TheLastTargetHasItsWholeTime) {
  steps.set_target(1);
  EXPECT_GE(wait_in_vain(), kDeadline);
  plan.spill.emplace();
  EXPECT_LT(wait_in_vain(), kEarly) << "but not before a spill area";
  steps.set_target(2);
  EXPECT_GE(wait_in_vain(), kDeadline) << "which is the last";
}

TEST_F(TargetDeviceGone, AsLongAsDevicesComeItMayBeAmongThem) {
  system.on_wait = [this] {
    system.last_event = system.now();
    return false;
  };
  EXPECT_GE(wait_in_vain(), kDeadline);
}

TEST_F(TargetDeviceGone, ADriverAtWorkIsWaitedFor) {
  tree.write("/proc/modules", "ahci 1 0 - Loading 0x0\n");
  EXPECT_GE(wait_in_vain(), kDeadline);
}

TEST_F(TargetDeviceGone, ADeviceThatDoesNotAnswerMayBeIt) {
  system.on_identify = [this](const std::string&, Deadline deadline) -> Result<DeviceIdentity> {
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return make_error(ErrorKind::kTimeout, "no answer");
  };
  EXPECT_GE(wait_in_vain(), kDeadline);
}

}  // namespace
}  // namespace kdump::agent
