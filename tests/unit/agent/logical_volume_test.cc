// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/logical_volume.h"

#include "capture/agent/volumes.h"
#include "tests/support/lvm_builder.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using test::lvm_uuid;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LogicalVolume : public testing::Test, public CaptureFixture {
 protected:
  void add_member(const std::string& name, const std::string& type, const std::string& uuid) {
    add_device(name);
    identities["/dev/" + name].member_type = type;
    identities["/dev/" + name].member_uuid = uuid;
  }
  void add_both_disks() {
    add_member("vdd", "LVM2_member", lvm_uuid('A'));
    add_member("vde", "LVM2_member", lvm_uuid('B'));
    give_metadata();
  }
  void give_metadata() {
    system.on_read_lvm = [](const std::string&) -> Result<std::string> {
      return test::lvm_metadata_text();
    };
  }
  const config::PlannedVolume linear_ = config::PlannedLogicalVolume{"vg-lin", lvm_uuid('L')};
  const config::PlannedVolume thin_ = config::PlannedLogicalVolume{"vg-thin", lvm_uuid('T')};
};

TEST_F(LogicalVolume, IsMappedAsItsMetadataSays) {
  add_member("vdd", "LVM2_member", lvm_uuid('A'));
  add_member("vde", "LVM2_member", lvm_uuid('B'));
  give_metadata();
  const auto status = set_up_volumes(context(), {linear_});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(system.calls_to("map"),
              ElementsAre("map vg-lin LVM-" + lvm_uuid('L') +
                          " [0 81920 linear 254:vdd 2048] [81920 40960 linear 254:vde 26624]"));
}

TEST_F(LogicalVolume, APhysicalVolumeThatAppearsLaterIsWaitedFor) {
  add_member("vdd", "LVM2_member", lvm_uuid('A'));
  give_metadata();
  int waits = 0;
  system.on_wait = [&] {
    if (++waits == 3) add_member("vde", "LVM2_member", lvm_uuid('B'));
    return false;
  };
  EXPECT_TRUE(set_up_volumes(context(), {linear_}));
  EXPECT_EQ(waits, 3);
}

TEST_F(LogicalVolume, OneThatStaysAwayEndsItAtTheDeadline) {
  add_member("vdd", "LVM2_member", lvm_uuid('A'));
  give_metadata();
  const Deadline start = system.now();
  const auto status = set_up_volumes(context(), {linear_});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("not all that it lies on"));
  EXPECT_LE(system.now() - start, std::chrono::seconds(plan.deadlines.device + 1));
  EXPECT_THAT(system.calls_to("map"), IsEmpty());
}

TEST(TableOf, StripesNameTheirDevicesInOrder) {
  const std::vector<LvmSegment> segments = {
      {0, 64, 128, {{lvm_uuid('A'), 8}, {lvm_uuid('B'), 16}}}};
  const auto table = table_of(segments, {{lvm_uuid('A'), "8:1"}, {lvm_uuid('B'), "8:2"}});
  ASSERT_TRUE(table);
  EXPECT_THAT(*table, ElementsAre(MapRow{0, 64, "striped", "2 128 8:1 8 8:2 16"}));
  EXPECT_FALSE(table_of(segments, {{lvm_uuid('A'), "8:1"}}));
}

TEST_F(LogicalVolume, AThinOneComesAfterItsPool) {
  add_both_disks();
  const auto status = set_up_volumes(context(), {thin_});
  ASSERT_TRUE(status) << status.error().message;
  const auto name = [](char letter) {
    return "lvm-" + lvm_uuid(letter) + " LVM-" + lvm_uuid(letter);
  };
  EXPECT_THAT(
      system.calls_to("map"),
      ElementsAre("map " + name('M') + " [0 8192 linear 254:vdd 165888]",
                  "map " + name('D') + " [0 49152 linear 254:vde 247808]",
                  "map " + name('P') +
                      " [0 49152 thin-pool 252:0 252:1 128 0 2 ignore_discard error_if_no_space]",
                  "map vg-thin LVM-" + lvm_uuid('T') + " [0 32768 thin 252:2 3]"));
  EXPECT_THAT(system.calls_to("read_thin_pool"), ElementsAre("read_thin_pool /dev/dm-0"));
  EXPECT_THAT(recorded(), HasSubstr("the thin pool vg/pool has "));
}

TEST_F(LogicalVolume, APoolThatDoesNotZeroIsLeftSo) {
  add_both_disks();
  system.on_read_lvm = [](const std::string&) -> Result<std::string> {
    std::string text = test::lvm_metadata_text();
    const std::string_view word = "zero_new_blocks = 1";
    return text.replace(text.find(word), word.size(), "zero_new_blocks = 0");
  };
  ASSERT_TRUE(set_up_volumes(context(), {thin_}));
  EXPECT_THAT(system.calls_to("map").at(2),
              HasSubstr("128 0 3 skip_block_zeroing ignore_discard error_if_no_space"));
}

TEST_F(LogicalVolume, APoolThatNeedsACheckIsNotTouched) {
  add_both_disks();
  system.on_read_thin_pool = [](const std::string&) -> Result<ThinPoolState> {
    return ThinPoolState{1000, 100, 128, true};
  };
  const auto status = set_up_volumes(context(), {thin_});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("lvconvert --repair vg/pool"));
  EXPECT_EQ(system.calls_to("map").size(), 1U);

  system.calls.clear();
  system.on_read_thin_pool = [](const std::string&) -> Result<ThinPoolState> {
    return make_error(ErrorKind::kBadData, "no metadata of a thin pool");
  };
  EXPECT_FALSE(set_up_volumes(context(), {thin_}));
  EXPECT_EQ(system.calls_to("map").size(), 1U) << "the kernel would make a new pool of zeros";
}

TEST_F(LogicalVolume, AFullPoolIsSaid) {
  add_both_disks();
  system.on_read_thin_pool = [](const std::string&) -> Result<ThinPoolState> {
    return ThinPoolState{1000, 1000, 128, false};
  };
  EXPECT_TRUE(set_up_volumes(context(), {thin_}));
  EXPECT_THAT(recorded(), HasSubstr("WARNING: the thin pool vg/pool is full"));
}

TEST_F(LogicalVolume, WhatHasBecomeUnsupportedIsNotWaitedFor) {
  add_both_disks();
  const Deadline start = system.now();
  const auto status =
      set_up_volumes(context(), {config::PlannedLogicalVolume{"vg-origin", lvm_uuid('O')}});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("snapshot"));
  EXPECT_EQ(system.now(), start);
  EXPECT_THAT(system.calls_to("map"), IsEmpty());
}

}  // namespace
}  // namespace kdump::agent
