// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/last_capture.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;

class LastCapture : public testing::Test {
 protected:
  [[nodiscard]] std::string explain() const {
    const auto text = explain_missing_vmcore(tree_.root(), config_);
    EXPECT_TRUE(text) << text.error().message;
    return text->value_or("nothing to explain");
  }
  test::TempTree tree_;
  config::KdumpConfig config_;
};

TEST_F(LastCapture, NoDumpAndAWholeOneNeedNoWords) {
  EXPECT_EQ(explain(), "nothing to explain");
  tree_.write("/var/crash/127.0.0.1-2026-11-03-04:05:06/vmcore", "x");
  tree_.write("/var/crash/lost+found/x", "x");
  EXPECT_EQ(explain(), "nothing to explain");
}

TEST_F(LastCapture, TheErrorsOfTheNewestOneAreQuoted) {
  tree_.write("/var/crash/127.0.0.1-2026-11-03-04:05:06/vmcore", "x");
  tree_.write("/var/crash/10.0.0.1-2026-12-03-04:05:06/kexec-dmesg.log",
              "[ 1.0] kdump-agent: saving vmcore\n"
              "[ 2.0] kdump-agent: ERROR: cannot save vmcore: No space left\n");
  EXPECT_EQ(explain(),
            "The capture of 2026-12-03-04:05:06 left no vmcore: cannot save vmcore: No space left "
            "(see /var/crash/10.0.0.1-2026-12-03-04:05:06/kexec-dmesg.log)");
}

TEST_F(LastCapture, OneThatWasCutShortIsSaidToBe) {
  tree_.make_directory("/var/crash/127.0.0.1-2026-11-03-04:05:06");
  EXPECT_THAT(explain(), HasSubstr("was interrupted"));
  tree_.write("/var/crash/127.0.0.1-2026-11-03-04:05:06/kexec-dmesg.log", "fine\n");
  EXPECT_THAT(explain(), HasSubstr("it was interrupted"));
}

TEST_F(LastCapture, AFileSystemTargetIsLookedForWhereItIsMounted) {
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
