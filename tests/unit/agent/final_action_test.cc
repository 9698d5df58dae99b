// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/final_action.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::agent {
namespace {

using config::FailureAction;
using config::FinalAction;
using testing::ElementsAre;
using testing::HasSubstr;

class Action : public testing::Test {
 protected:
  [[nodiscard]] std::string recorded() const { return *log.recorded(); }
  FakePower power;
  AgentLog log = make_log();
};

TEST_F(Action, AFinalActionThatDoesNotHappenBecomesAReset) {
  perform_final_action(FinalAction::kReboot, log, power);
  EXPECT_THAT(power.actions, ElementsAre("reboot", "reset", "stay"));
  EXPECT_THAT(recorded(), HasSubstr("kdump-agent: final action: reboot\n"));
  EXPECT_THAT(recorded(), HasSubstr("the reboot did not happen within 60 s"));
}

TEST_F(Action, APowerOffThatFailsBecomesAReset) {
  power.on_shut_down = system_error(EPERM, "cannot poweroff");
  perform_final_action(FinalAction::kPoweroff, log, power);
  EXPECT_THAT(power.actions, ElementsAre("poweroff", "reset", "stay"));
  EXPECT_THAT(recorded(), HasSubstr("cannot poweroff"));
}

TEST_F(Action, AHaltNeverBecomesAReset) {
  perform_final_action(FinalAction::kHalt, log, power);
  EXPECT_THAT(power.actions, ElementsAre("halt", "stay"));
}

TEST_F(Action, EachFailureActionEndsInTheRightWay) {
  struct Row {
    FailureAction failure;
    FinalAction final;
    std::vector<std::string> first;
  };
  const std::vector<Row> rows{
      {FailureAction::kReboot, FinalAction::kPoweroff, {"reboot"}},
      {FailureAction::kHalt, FinalAction::kReboot, {"halt"}},
      {FailureAction::kPoweroff, FinalAction::kReboot, {"poweroff"}},
      {FailureAction::kShell, FinalAction::kPoweroff, {"shell", "poweroff"}},
      {FailureAction::kDumpToRootfs, FinalAction::kPoweroff, {"poweroff"}},
  };
  for (const Row& row : rows) {
    FakePower each;
    perform_failure_action(row.failure, row.final, log, each);
    ASSERT_GE(each.actions.size(), row.first.size());
    each.actions.resize(row.first.size());
    EXPECT_EQ(each.actions, row.first) << config::to_string(row.failure);
    EXPECT_THAT(recorded(),
                HasSubstr(fmt::format("failure action: {}\n", config::to_string(row.failure))));
  }
}

TEST_F(Action, WithoutAShellItReboots) {
  power.on_shell = make_error(ErrorKind::kNotFound, "the image has no /bin/sh");
  perform_failure_action(FailureAction::kShell, FinalAction::kPoweroff, log, power);
  EXPECT_THAT(power.actions, ElementsAre("shell", "reboot", "reset", "stay"));
  EXPECT_THAT(recorded(), HasSubstr("ERROR: the image has no /bin/sh; rebooting instead"));
}

TEST(LinuxPower, SaysThatThereIsNoShell) {
  const test::TempTree tree;
  LinuxPower power(tree.root());
  const auto status = power.shell();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kNotFound);
}

TEST(LinuxPower, ResetsThroughSysrq) {
  const test::TempTree tree;
  tree.write("/proc/sysrq-trigger", "");
  LinuxPower power(tree.root());
  ASSERT_TRUE(power.reset());
  EXPECT_EQ(tree.read("/proc/sysrq-trigger"), "b");
}

TEST(LinuxPower, WaitsForTheShellAndSeesOneThatCannotStart) {
  const test::TempTree tree;
  tree.make_directory("/bin");
  tree.link("/bin/sh", "/bin/false");
  LinuxPower power(tree.root());
  EXPECT_TRUE(power.shell());  // its exit code is that of the last command, not its own

  const test::TempTree broken;
  broken.write("/bin/sh",
               "\x7f"
               "ELF of another machine");
  ASSERT_EQ(::chmod(broken.path("/bin/sh").c_str(), 0755), 0);
  LinuxPower no_shell(broken.root());
  EXPECT_FALSE(no_shell.shell());
}

}  // namespace
}  // namespace kdump::agent
