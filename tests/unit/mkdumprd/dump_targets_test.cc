// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/dump_targets.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kRootUuid = "99999999-89ab-cdef-0123-456789abcdef";
constexpr const char* kRootDevice = "/sys/devices/pci0000:00/0000:00:05.0/virtio2";

/// The root file system on vda, /var/crash on vdb.
class DumpTargetsTest : public testing::Test {
 protected:
  DumpTargetsTest() {
    host_.add_modules();
    host_.add_disk(kRootDevice, "vda", "254:0");
    host_.tree().write("/dev/vda", test::ext4_bytes(kRootUuid));
  }
  [[nodiscard]] Result<DumpTargets> plan() const {
    const MountTable mounts = TRY(MountTable::read(host_.root()));
    const KernelFacts kernel = TRY(read_kernel(host_.root(), ""));
    return plan_dump_targets(host_.root(), mounts, kernel, config_);
  }
  static std::string uuid_of(const DumpTargetPlan& plan) {
    const auto& place = std::get<config::PlannedFileSystem>(plan.target.place);
    return place.device ? place.device->value : "";
  }

  test::TestHost host_;
  config::KdumpConfig config_;
};

TEST_F(DumpTargetsTest, OneTargetWithItsModules) {
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(1));
  EXPECT_EQ(targets->plans[0].target.name, "/var/crash on /dev/vdb");
  EXPECT_EQ(targets->plans[0].target.host_name, "127.0.0.1");
  EXPECT_THAT(targets->plans[0].modules.modules, testing::Not(IsEmpty()));
}

TEST_F(DumpTargetsTest, DumpToRootfsIsTheLastTarget) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(2));
  EXPECT_EQ(uuid_of(targets->plans[1]), kRootUuid);
  EXPECT_EQ(std::get<config::PlannedFileSystem>(targets->plans[1].target.place).directory,
            "/var/crash");
  EXPECT_THAT(targets->warnings, IsEmpty());
}

TEST_F(DumpTargetsTest, TheSameFileSystemIsNotTriedTwice) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  config_.target = config::FileSystemTarget{"ext4", "/dev/vda", "", ""};
  config_.path = "/";
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->plans, SizeIs(1));
}

TEST_F(DumpTargetsTest, ARootThatCannotBeUsedIsAWarning) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  host_.mount_table(
      "20 1 0:5 / / rw - tmpfs none rw\n"
      "21 20 254:16 / /var/crash rw,noatime - ext4 /dev/vdb rw\n");
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->plans, SizeIs(1));
  EXPECT_THAT(targets->warnings, ElementsAre(HasSubstr("dump_to_rootfs will save nothing")));
}

TEST_F(DumpTargetsTest, FallbacksComeInTheirOrderAndMustBeUsable) {
  config_.target = config::FileSystemTarget{"ext4", "/dev/vdb", "", ""};
  config_.fallback_targets = {config::FileSystemTarget{"ext4", "/dev/vda", "", ""}};
  config_.path = "/";
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(2));
  EXPECT_EQ(targets->plans[1].target.name, "ext4 /dev/vda");
  config_.fallback_targets = {config::FileSystemTarget{"ext4", "/dev/absent", "", ""}};
  EXPECT_FALSE(plan());
}

}  // namespace
}  // namespace kdump::mkdumprd
