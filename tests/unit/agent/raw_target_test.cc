// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/raw_target.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RawTarget : public testing::Test, public CaptureFixture {
 protected:
  RawTarget() {
    plan.targets[0].place = config::PlannedRaw{{config::PlannedDevice::By::kPartUuid, "part-1"}};
    identities["/dev/vda"] = {};
    identities["/dev/vda"].part_uuid = "part-1";
  }
};

TEST_F(RawTarget, TheStreamGoesToTheDevice) {
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved) << recorded();
  EXPECT_EQ(tree.read("/dev/vda"), "a stream");
  EXPECT_THAT(
      system.calls_to("run"),
      ElementsAre("run /usr/bin/kdump-collect --level 31 " + tree.path("/proc/vmcore") + " -"));
  EXPECT_THAT(system.calls_to("sync"), ElementsAre("sync /dev/vda"));
  EXPECT_THAT(system.calls_to("mount"), IsEmpty());
  EXPECT_THAT(recorded(), HasSubstr("saved vmcore on /dev/vda"));
}

TEST_F(RawTarget, MakedumpfileIsToldToWriteAStream) {
  plan.collector = {"/usr/bin/kdump-collect", "makedumpfile", "-l", "-d", "31"};
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(system.calls_to("run"),
              ElementsAre("run /usr/bin/kdump-collect makedumpfile -F -l -d 31 " +
                          tree.path("/proc/vmcore")));
}

TEST_F(RawTarget, AnotherCommandIsGivenTheVmcoreAlone) {
  plan.collector = {"/usr/bin/mycollector", "--fast"};
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(system.calls_to("run"),
              ElementsAre("run /usr/bin/mycollector --fast " + tree.path("/proc/vmcore")));
}

TEST_F(RawTarget, SomebodysDataIsNotOverwritten) {
  for (const bool member : {false, true}) {
    (member ? identities["/dev/vda"].member_type : identities["/dev/vda"].fs_type) = "xfs";
    EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
    EXPECT_EQ(tree.read("/dev/vda"), "");
    EXPECT_THAT(recorded(), HasSubstr("the raw dump target /dev/vda carries xfs"));
    identities["/dev/vda"].fs_type.clear();
  }
}

TEST_F(RawTarget, ADeviceThatIsTooSmallIsNotBegun) {
  std::filesystem::resize_file(tree.path("/proc/vmcore"), 1U << 30U);
  system.estimate = "{\"bytes_at_level_31\": 900000000}";
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), testing::HasSubstr("no room for a dump: the smallest needs about"));
  EXPECT_THAT(recorded(), testing::Not(testing::HasSubstr("saving vmcore")));
}

TEST_F(RawTarget, ACollectorThatFailsIsAFailure) {
  system.on_stream.status.exit_code = 1;
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("ERROR: cannot save vmcore"));
}

TEST_F(RawTarget, WithoutAVmcoreNothingIsWritten) {
  ASSERT_EQ(::unlink(tree.path("/proc/vmcore").c_str()), 0);
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_EQ(tree.read("/dev/vda"), "");
}

}  // namespace
}  // namespace kdump::agent
