// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/iscsi.h"

#include "capture/agent/reach_target.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Iscsi : public testing::Test, public CaptureFixture {
 protected:
  Iscsi() { plan.targets[0].volumes = {session_}; }
  void add_session() const {
    tree.write("/sys/class/iscsi_session/session2/targetname", "iqn.x:dumps\n");
    tree.write("/sys/class/iscsi_connection/connection2:0/persistent_address", "192.0.2.7\n");
  }
  const config::PlannedIscsi session_{
      "iqn.x:me", "iqn.x:dumps", 3, "192.0.2.7", 3261, "dumper", "secret", "", ""};
};

TEST_F(Iscsi, TheProgramIsToldTheSession) {
  EXPECT_THAT(iscsi_command(session_),
              ElementsAre("/usr/sbin/iscsistart",
                          "-i",
                          "iqn.x:me",
                          "-t",
                          "iqn.x:dumps",
                          "-g",
                          "3",
                          "-a",
                          "192.0.2.7",
                          "-p",
                          "3261",
                          "-P",
                          "node.session.timeo.replacement_timeout=5",
                          "-u",
                          "dumper",
                          "-w",
                          "secret"));
}

TEST_F(Iscsi, ASessionThatIsThereIsEnough) {
  add_session();
  EXPECT_TRUE(reach_target(context(), 0));
  EXPECT_THAT(system.calls_to("run"), IsEmpty());
}

TEST_F(Iscsi, ItLogsInAndThePasswordStaysOutOfTheLog) {
  system.on_run = [this](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
    add_session();
    return Result<ProgramEnd>(ProgramEnd{100, {}, false});
  };
  const auto status = reach_target(context(), 0);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(system.calls_to("run").size(), 1U);
  EXPECT_THAT(recorded(), HasSubstr("logged in to the iSCSI target iqn.x:dumps at 192.0.2.7"));
  EXPECT_THAT(recorded(), Not(HasSubstr("secret")));
}

TEST_F(Iscsi, ATargetThatIsGoneIsTriedUntilTheDeadline) {
  const Deadline start = system.now();
  system.on_run = [](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
    ProgramEnd end{100, {}, false};
    end.status.exit_code = 8;
    return Result<ProgramEnd>(end);
  };
  const auto status = reach_target(context(), 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kTimeout);
  EXPECT_THAT(status.error().message, HasSubstr("cannot log in to the iSCSI target iqn.x:dumps"));
  EXPECT_GT(system.calls_to("run").size(), 10U);
  EXPECT_LE(system.now() - start, std::chrono::seconds(plan.deadlines.device));
}

TEST_F(Iscsi, OneOfSeveralPortalsIsEnough) {
  config::PlannedIscsi other = session_;
  other.address = "192.0.2.8";
  plan.targets[0].volumes = {other, session_};
  add_session();
  system.on_run = [](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
    ProgramEnd end{100, {}, false};
    end.status.exit_code = 8;
    return Result<ProgramEnd>(end);
  };
  EXPECT_TRUE(reach_target(context(), 0));
  EXPECT_THAT(recorded(),
              HasSubstr("WARNING: cannot log in to the iSCSI target iqn.x:dumps at "
                        "192.0.2.8"));
}

TEST_F(Iscsi, WithoutItsNetworkItIsNotTried) {
  plan.targets[0].network = config::PlannedNetwork{};
  system.on_run = [](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
    ProgramEnd end{100, {}, false};
    end.status.exit_code = 1;
    return Result<ProgramEnd>(end);
  };
  const auto status = reach_target(context(), 0);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("the network did not come up"));
  EXPECT_EQ(system.calls_to("run").size(), 1U);
}

}  // namespace
}  // namespace kdump::agent
