// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/dump_room.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sys/statvfs.h>

namespace kdump::agent {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Argv = std::vector<std::string>;

TEST(DumpSizes, LevelsThatLeaveOutMoreComeLargestFirst) {
  const auto sizes = DumpSizes::parse(
      R"({"kernel": "6.1", "bytes_at_level_1": 900, "bytes_at_level_17": 500,
          "bytes_at_level_9": 600, "bytes_at_level_31": 100, "bytes_at_level_40": 1})");
  ASSERT_TRUE(sizes) << sizes.error().message;
  EXPECT_EQ(sizes->at(1), 900U);
  EXPECT_EQ(sizes->at(0), 900U) << "zero pages take no room";
  EXPECT_EQ(sizes->at(16), 500U);
  EXPECT_FALSE(sizes->at(3));
  EXPECT_THAT(sizes->above(0), ElementsAre(9, 17, 31));
  EXPECT_THAT(sizes->above(16), ElementsAre(31));
  EXPECT_THAT(sizes->above(31), IsEmpty());
}

TEST(DumpSizes, NonsenseIsAnError) {
  for (const char* text : {"", "{", "[]", "{}", "{\"bytes_at_level_31\": -1}", "{\"x\": 1}"}) {
    EXPECT_FALSE(DumpSizes::parse(text)) << text;
  }
}

TEST(DumpLevels, AreReadAndSetInBothLanguages) {
  EXPECT_EQ(dump_level_of({"c"}), 31U);
  EXPECT_EQ(dump_level_of({"c", "makedumpfile", "-l"}), 0U);
  EXPECT_EQ(dump_level_of({"c", "makedumpfile", "-d", "17,31"}), 17U);
  EXPECT_EQ(dump_level_of({"c", "--level", "1"}), 1U);
  EXPECT_EQ(dump_level_of({"c", "--level"}), 31U);
  EXPECT_THAT(with_dump_level({"c", "makedumpfile", "-d", "1", "-l"}, 31),
              ElementsAre("c", "makedumpfile", "-d", "31", "-l"));
  EXPECT_THAT(with_dump_level({"c"}, 31), ElementsAre("c", "-d", "31"));
}

/// A vmcore that no disk has room for, on the disk of the machine that runs the test.
class MakeDumpFit : public testing::Test, public CaptureFixture {
 protected:
  MakeDumpFit() {
    std::filesystem::resize_file(tree.path("/proc/vmcore"), std::uint64_t{1} << 43U);
    plan.collector = {"/usr/bin/kdump-collect", "makedumpfile", "-l", "-d", "1"};
    struct statvfs info {};
    EXPECT_EQ(::statvfs(tree.folder().c_str(), &info), 0);
    available_ = std::uint64_t{info.f_bavail} * info.f_frsize;
    add_dump("2026-11-03-04:05:06");
  }
  void add_dump(const std::string& date) const {
    tree.write("/kdumproot/var/crash/127.0.0.1-" + date + "/vmcore", "x");
  }
  /// The size of a dump of level 1, and of one of level 31.
  void expect_sizes(std::uint64_t low, std::uint64_t high) {
    system.estimate =
        fmt::format("{{\"bytes_at_level_1\": {}, \"bytes_at_level_31\": {}}}", low, high);
  }
  Result<Argv> fit() {
    const CaptureContext here = context();
    return make_dump_fit(
        here,
        room_on_file_system(
            here, "127.0.0.1", tree.path("/kdumproot/var/crash/127.0.0.1-2026-11-03-04:05:06")));
  }
  [[nodiscard]] bool has_dump(const std::string& date) const {
    return tree.exists("/kdumproot/var/crash/127.0.0.1-" + date);
  }
  std::uint64_t available_ = 0;
};

TEST_F(MakeDumpFit, WhenThereIsRoomThePlanIsCarriedOut) {
  expect_sizes(1000, 10);
  const auto argv = fit();
  ASSERT_TRUE(argv) << argv.error().message;
  EXPECT_EQ(*argv, plan.collector);
  EXPECT_THAT(
      system.calls_to("run"),
      ElementsAre("run /usr/bin/kdump-collect --estimate --json -l " + tree.path("/proc/vmcore")));
}

TEST_F(MakeDumpFit, ASmallMachineIsNotEstimated) {
  std::filesystem::resize_file(tree.path("/proc/vmcore"), 4096);
  ASSERT_TRUE(fit());
  EXPECT_THAT(system.calls_to("run"), IsEmpty());
}

TEST_F(MakeDumpFit, AHigherLevelIsTaken) {
  expect_sizes(available_ * 2, 1000);
  const auto argv = fit();
  ASSERT_TRUE(argv) << argv.error().message;
  EXPECT_THAT(*argv, ElementsAre("/usr/bin/kdump-collect", "makedumpfile", "-l", "-d", "31"));
  EXPECT_THAT(recorded(), HasSubstr("no room for a dump of level 1"));
}

TEST_F(MakeDumpFit, ADumpThatMayFitIsBegun) {
  expect_sizes(available_ * 2, available_ + available_ / 2);
  const auto argv = fit();
  ASSERT_TRUE(argv) << argv.error().message;
  EXPECT_THAT(*argv, ElementsAre("/usr/bin/kdump-collect", "makedumpfile", "-l", "-d", "31"));
  EXPECT_THAT(recorded(), HasSubstr("begun all the same"));
}

TEST_F(MakeDumpFit, WithoutPermissionNoDumpIsRemoved) {
  add_dump("2025-01-01-00:00:00");
  expect_sizes(available_ * 2, available_ * 2);
  const auto argv = fit();
  ASSERT_FALSE(argv);
  EXPECT_THAT(argv.error().message, HasSubstr("no room for a dump"));
  EXPECT_TRUE(has_dump("2025-01-01-00:00:00"));
}

TEST_F(MakeDumpFit, OldDumpsGoButTheNewestStays) {
  for (const char* date : {"2025-01-01-00:00:00", "2025-02-01-00:00:00", "2025-03-01-00:00:00"}) {
    add_dump(date);
  }
  tree.write("/kdumproot/var/crash/notes/a", "x");
  plan.keep_dumps = 10;
  expect_sizes(available_ * 2, available_ * 2);
  EXPECT_FALSE(fit());
  EXPECT_FALSE(has_dump("2025-01-01-00:00:00"));
  EXPECT_FALSE(has_dump("2025-02-01-00:00:00"));
  EXPECT_TRUE(has_dump("2025-03-01-00:00:00"));
  EXPECT_TRUE(has_dump("2026-11-03-04:05:06")) << "the one that is being made";
  EXPECT_TRUE(tree.exists("/kdumproot/var/crash/notes/a"));
}

TEST_F(MakeDumpFit, WhatStaysFreeIsNotUsed) {
  expect_sizes(1000, 1000);
  ASSERT_TRUE(fit());
  plan.keep_free = available_ + (std::uint64_t{1} << 30U);
  const auto argv = fit();
  ASSERT_FALSE(argv);
  EXPECT_THAT(argv.error().message, HasSubstr("stay free"));
}

TEST_F(MakeDumpFit, WhatCannotBeEstimatedIsTried) {
  system.estimate = "nonsense";
  const auto argv = fit();
  ASSERT_TRUE(argv);
  EXPECT_EQ(*argv, plan.collector);
  EXPECT_THAT(recorded(), HasSubstr("whether the dump fits is not known"));
  system.calls.clear();
  plan.collector = {"/usr/bin/mycollector"};
  ASSERT_TRUE(fit());
  EXPECT_THAT(system.calls, IsEmpty());
}

TEST_F(MakeDumpFit, ADumpThatWillNotFitIsNotBegun) {
  expect_sizes(available_ * 2, available_ * 2);
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_TRUE(tree.exists(dumped("vmcore-dmesg.txt")) ||
              tree.exists("/kdumproot/var/crash/127.0.0.1-2026-11-03-04:05:06-2/vmcore-dmesg.txt"));
  EXPECT_THAT(system.calls, Not(Contains(HasSubstr("vmcore-incomplete"))));
  EXPECT_THAT(recorded(), HasSubstr("nothing was begun"));
}

}  // namespace
}  // namespace kdump::agent
