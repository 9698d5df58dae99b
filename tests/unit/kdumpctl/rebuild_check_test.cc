// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rebuild_check.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <time.h>

namespace kdump::ctl {
namespace {

using Kind = RebuildDecision::Kind;

class RebuildCheck : public testing::Test {
 protected:
  RebuildCheck() {
    place("/etc/kdump.conf", 100);
    place("/boot/vmlinuz", 100);
  }

  void set_time(const std::string& path, long seconds, long nanoseconds) const {
    const timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
    ASSERT_EQ(::utimensat(AT_FDCWD, tree_.path(path).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }

  void place(const std::string& path, long seconds, long nanoseconds = 0) const {
    tree_.write(path, "x");
    set_time(path, seconds, nanoseconds);
  }

  [[nodiscard]] Result<RebuildDecision> check() const {
    return check_rebuild(tree_.root(), config_, sysconfig_, target_);
  }

  test::TempTree tree_;
  config::KdumpConfig config_;
  config::Sysconfig sysconfig_;
  CaptureKernel target_{"6.1", "/boot/vmlinuz", "/boot/image", {}};
};

TEST_F(RebuildCheck, AMissingImageIsBuilt) {
  const auto decision = check();
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->kind, Kind::kMissing);
  EXPECT_TRUE(decision->rebuild());
}

TEST_F(RebuildCheck, ANewerImageIsCurrent) {
  place("/boot/image", 100, 1);
  const auto decision = check();
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->kind, Kind::kCurrent);
  EXPECT_FALSE(decision->rebuild());
}

TEST_F(RebuildCheck, AnImageOfTheSameMomentIsCurrent) {
  place("/boot/image", 100);
  EXPECT_EQ(check()->kind, Kind::kCurrent);
}

TEST_F(RebuildCheck, NewerConfigurationOrKernelMakesItStale) {
  place("/boot/image", 100);
  place("/etc/kdump.conf", 100, 1);
  place("/boot/vmlinuz", 200);
  const auto decision = check();
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->kind, Kind::kStale);
  EXPECT_THAT(decision->files, testing::ElementsAre("/etc/kdump.conf", "/boot/vmlinuz"));
}

TEST_F(RebuildCheck, ALinkCountsAndSoDoesWhatItLeadsTo) {
  place("/boot/image", 150);
  place("/usr/lib/kernel", 100);
  tree_.link("/boot/linked", "/usr/lib/kernel");
  target_.kernel = "/boot/linked";
  set_time("/boot/linked", 100, 0);
  EXPECT_EQ(check()->kind, Kind::kCurrent);
  set_time("/boot/linked", 200, 0);
  EXPECT_EQ(check()->kind, Kind::kStale);
  set_time("/boot/linked", 100, 0);
  set_time("/usr/lib/kernel", 200, 0);
  EXPECT_EQ(check()->kind, Kind::kStale);
}

TEST_F(RebuildCheck, AnUpgradeOfTheToolkitMakesItStaleWhateverTheTimesInThePackage) {
  const long next_year = ::time(nullptr) + 365L * 24 * 60 * 60;
  for (const char* program : {KDUMP_COLLECTOR_PATH, KDUMP_AGENT_PATH}) {
    place(program, 50);
    place("/boot/image", 100);
    EXPECT_THAT(check()->files, testing::ElementsAre(program));
    place("/boot/image", next_year);
    EXPECT_EQ(check()->kind, Kind::kCurrent);
    std::filesystem::remove(tree_.path(program));
  }
}

TEST_F(RebuildCheck, ForceRebuildAlwaysBuilds) {
  place("/boot/image", 200);
  config_.force_rebuild = true;
  EXPECT_EQ(check()->kind, Kind::kForced);
}

TEST_F(RebuildCheck, ForceNoRebuildNeverBuilds) {
  config_.force_no_rebuild = true;
  place("/boot/image", 50);
  EXPECT_EQ(check()->kind, Kind::kCurrent);
  target_.image = "/boot/absent";
  const auto decision = check();
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(decision.error().message, testing::HasSubstr("force_no_rebuild"));
}

}  // namespace
}  // namespace kdump::ctl
