// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/capture_log.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace kdump::agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class CaptureLog : public testing::Test {
 protected:
  test::TempTree tree;
  FakeSystem system;
  AgentLog log = make_log();
};

TEST_F(CaptureLog, HoldsBothInOrder) {
  log.info("of the agent");
  system.kernel_messages = {"[ 1.0] of the kernel", "[ 2.0] and more"};
  ASSERT_TRUE(save_capture_log(tree.folder(), log, system));
  const std::string text = tree.read("/kexec-dmesg.log");
  EXPECT_LT(text.find("of the agent"), text.find("of the kernel"));
  EXPECT_THAT(text, EndsWith("[ 1.0] of the kernel\n[ 2.0] and more\n"));
  EXPECT_EQ(tree.mode("/kexec-dmesg.log"), 0600U);
}

TEST_F(CaptureLog, MayBeWrittenAgainLongerOrShorter) {
  system.kernel_messages.assign(2000, "[ 1.0] a kernel that talks a lot");
  ASSERT_TRUE(save_capture_log(tree.folder(), log, system));
  const std::size_t before = tree.read("/kexec-dmesg.log").size();
  log.info("later");
  ASSERT_TRUE(save_capture_log(tree.folder(), log, system));
  EXPECT_GT(tree.read("/kexec-dmesg.log").size(), before);
  system.kernel_messages = {"[ 9.0] the rest was overwritten"};
  ASSERT_TRUE(save_capture_log(tree.folder(), log, system));
  EXPECT_THAT(tree.read("/kexec-dmesg.log"), EndsWith("[ 9.0] the rest was overwritten\n"));
}

TEST_F(CaptureLog, SaysWhatItCouldNotRead) {
  const AgentLog without{Fd(), Fd()};
  ASSERT_TRUE(save_capture_log(tree.folder(), without, system));
  EXPECT_THAT(tree.read("/kexec-dmesg.log"), HasSubstr("the agent keeps no record"));
}

TEST_F(CaptureLog, FollowsNoLink) {
  tree.write("/elsewhere", "kept");
  tree.link("/kexec-dmesg.log", tree.path("/elsewhere"));
  EXPECT_FALSE(save_capture_log(tree.folder(), log, system));
  EXPECT_EQ(tree.read("/elsewhere"), "kept");
}

TEST_F(CaptureLog, ADirectoryThatIsGoneIsAnError) {
  EXPECT_FALSE(save_capture_log(tree.path("/gone"), log, system));
}

}  // namespace
}  // namespace kdump::agent
