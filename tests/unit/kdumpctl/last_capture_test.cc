// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/last_capture.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;

class LastCaptureTest : public testing::Test {
 protected:
  [[nodiscard]] std::string explain() const {
    const auto last = last_capture(tree_.root(), config_);
    EXPECT_TRUE(last) << last.error().message;
    return last && *last ? summary_of(**last) : "nothing to explain";
  }
  test::TempTree tree_;
  config::KdumpConfig config_;
};

TEST_F(LastCaptureTest, NoDumpAndAWholeOneNeedNoWords) {
  EXPECT_EQ(explain(), "nothing to explain");
  tree_.write("/var/crash/127.0.0.1-2026-11-03-04:05:06/vmcore", "x");
  tree_.write("/var/crash/lost+found/x", "x");
  EXPECT_EQ(
      explain(),
      "Last capture 2026-11-03-04:05:06: saved /var/crash/127.0.0.1-2026-11-03-04:05:06/vmcore");
}

TEST_F(LastCaptureTest, WhatItsFilesSay) {
  const std::string folder = "/var/crash/127.0.0.1-2026-11-03-04:05:06";
  tree_.write(folder + "/vmcore", "1234");
  tree_.write(folder + "/vmcore-dmesg.txt",
              "[    5.1] sysrq: Trigger a crash\n"
              "[    5.2] Kernel panic - not syncing: sysrq triggered crash\n");
  tree_.write(folder + "/kexec-dmesg.log",
              "[    2.1] kdump-agent: memory: 90000 of 190000 KiB available at the lowest; largest "
              "program 9000 KiB\n");
  const auto last = last_capture(tree_.root(), config_);
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->dump.size, 4U);
  EXPECT_EQ((*last)->report.panic, "Kernel panic - not syncing: sysrq triggered crash");
  EXPECT_EQ((*last)->report.lowest_memory_kib, 90000U);
  EXPECT_EQ((*last)->report.memory_kib, 190000U);
}

TEST_F(LastCaptureTest, TheErrorsOfTheNewestOneAreQuoted) {
  tree_.write("/var/crash/127.0.0.1-2026-11-03-04:05:06/vmcore", "x");
  tree_.write("/var/crash/10.0.0.1-2026-12-03-04:05:06/kexec-dmesg.log",
              "[ 1.0] kdump-agent: saving vmcore\n"
              "[ 2.0] kdump-agent: ERROR: cannot save vmcore: No space left\n");
  EXPECT_EQ(explain(),
            "The capture of 2026-12-03-04:05:06 left no vmcore: cannot save vmcore: No space left "
            "(see /var/crash/10.0.0.1-2026-12-03-04:05:06/kexec-dmesg.log)");
}

TEST_F(LastCaptureTest, OneThatWasCutShortIsSaidToBe) {
  tree_.make_directory("/var/crash/127.0.0.1-2026-11-03-04:05:06");
  EXPECT_THAT(explain(), HasSubstr("was interrupted"));
  tree_.write("/var/crash/127.0.0.1-2026-11-03-04:05:06/kexec-dmesg.log", "fine\n");
  EXPECT_THAT(explain(), HasSubstr("it was interrupted"));
}

TEST_F(LastCaptureTest, AFileSystemTargetIsLookedForWhereItIsMounted) {
  config_.target = config::FileSystemTarget{"ext4", "/dev/vdb", "", ""};
  config_.path = "/dumps";
  tree_.write("/proc/self/mountinfo", "20 1 254:0 / / rw - ext4 /dev/vda rw\n");
  EXPECT_EQ(explain(), "nothing to explain");
  tree_.write("/proc/self/mountinfo", "21 1 254:16 / /mnt rw - ext4 /dev/vdb rw\n");
  tree_.make_directory("/mnt/dumps/127.0.0.1-2026-11-03-04:05:06");
  EXPECT_THAT(explain(), HasSubstr("/mnt/dumps/127.0.0.1-2026-11-03-04:05:06"));
}

}  // namespace
}  // namespace kdump::ctl
