// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/mount_target.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::agent {
namespace {

using testing::HasSubstr;

class MountTarget : public testing::Test, public CaptureFixture {
 protected:
  void fail_with(int code, int times) {
    system.on_mount = [this, code, times](Deadline) -> Status {
      if (static_cast<int>(system.calls_to("mount").size()) > times) return {};
      return system_error(code, "cannot mount");
    };
  }
};

TEST_F(MountTarget, PassesThePlanOn) {
  ASSERT_TRUE(mount_target(context(), place(), "/dev/vda", tree.path("/kdumproot")));
  EXPECT_EQ(system.calls.at(0),
            "mount /dev/vda " + tree.path("/kdumproot") + " ext4 0x400 'data=ordered'");
}

TEST_F(MountTarget, CreatesTheMountPoint) {
  const test::TempTree empty;
  CaptureContext elsewhere{plan, empty.root(), system, log, steps, memory, reserve};
  ASSERT_TRUE(mount_target(elsewhere, place(), "/dev/vda", empty.path("/kdumproot")));
  EXPECT_TRUE(empty.exists("/kdumproot"));
}

TEST_F(MountTarget, RetriesTransientErrors) {
  for (const int code : {EAGAIN, EBUSY, EINTR, ENOENT, ENOMEDIUM, ENXIO}) {
    system.calls.clear();
    fail_with(code, 3);
    EXPECT_TRUE(mount_target(context(), place(), "/dev/vda", tree.path("/kdumproot"))) << code;
    EXPECT_EQ(system.calls.size(), 4U) << code;
  }
}

TEST_F(MountTarget, GivesUpOnTransientErrorsAtTheDeadline) {
  plan.deadlines.mount = 5;
  fail_with(EBUSY, 1'000'000);
  const Deadline start = system.now();
  const auto status = mount_target(context(), place(), "/dev/vda", tree.path("/kdumproot"));
  ASSERT_FALSE(status);
  EXPECT_LE(system.now() - start, std::chrono::seconds(5));
  EXPECT_GE(system.now() - start, std::chrono::seconds(4));
}

TEST_F(MountTarget, OtherErrorsAreFinalAndSayWhatToDo) {
  struct Row {
    int code;
    const char* remedy;
  };
  const std::array rows{Row{ENODEV, "cannot mount ext4"},
                        Row{EINVAL, "no valid ext4 file system"},
                        Row{EROFS, "read-only"},
                        Row{EACCES, "read-only"},
                        Row{EIO, "fsck"},
                        Row{EUCLEAN, "fsck"},
                        Row{ENOMEM, "kernel's messages"}};
  for (const Row& row : rows) {
    system.calls.clear();
    fail_with(row.code, 1);
    const auto status = mount_target(context(), place(), "/dev/vda", tree.path("/kdumproot"));
    ASSERT_FALSE(status) << row.code;
    EXPECT_THAT(status.error().message, HasSubstr(row.remedy));
    EXPECT_EQ(system.calls.size(), 1U) << row.code;
  }
}

TEST_F(MountTarget, AMountThatHangsIsNotRetried) {
  system.on_mount = [this](Deadline deadline) -> Status {
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return make_error(ErrorKind::kTimeout, "mount: not done in time");
  };
  ASSERT_FALSE(mount_target(context(), place(), "/dev/vda", tree.path("/kdumproot")));
  EXPECT_EQ(system.calls.size(), 1U);
}

}  // namespace
}  // namespace kdump::agent
