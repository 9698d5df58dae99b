// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/reach_target.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReachTarget : public testing::Test, public CaptureFixture {
 protected:
  /// The first target is on a server.
  void make_remote() {
    plan.targets[0].network.emplace();
    plan.targets[0].place =
        config::PlannedNfs{"filer", "/dumps", {"192.0.2.1"}, {"4.2"}, 0, "", "/"};
  }
};

TEST_F(ReachTarget, ALocalTargetHasNoNetwork) {
  ASSERT_TRUE(reach_target(context(), 0));
  EXPECT_THAT(system.calls_to("run"), IsEmpty());
  EXPECT_EQ(system.calls_to("module").size(), 2U);
}

TEST_F(ReachTarget, TheNetworkComesAfterItsModules) {
  add_fallback();
  plan.targets[1].network.emplace();
  plan.deadlines.network = 30;
  system.on_run = [](const auto&, const ProgramObserver& observer, Deadline) {
    observer.output("ens1 is up\n");
    return ProgramEnd{100, {}, false};
  };
  ASSERT_TRUE(reach_target(context(), 1));
  EXPECT_THAT(
      system.calls,
      ElementsAre("module /lib/c.ko ''",
                  "run /usr/bin/kdump-network " + tree.path("/etc/kdump/plan.json") + " 1 30"));
  EXPECT_THAT(recorded(), HasSubstr("ens1 is up"));
}

TEST_F(ReachTarget, ADiskIsReachedWithoutTheClustersNetwork) {
  plan.targets[0].network.emplace();
  system.on_run = [](const auto&, const ProgramObserver&, Deadline) {
    ProgramEnd end{100, {}, false};
    end.status.exit_code = 1;
    return end;
  };
  EXPECT_TRUE(reach_target(context(), 0));
  EXPECT_THAT(recorded(), HasSubstr("WARNING: the network did not come up"));
}

TEST_F(ReachTarget, ANetworkThatDoesNotComeUpIsTheEndOfTheTarget) {
  make_remote();
  system.on_run = [](const auto&, const ProgramObserver&, Deadline) {
    ProgramEnd end{100, {}, false};
    end.status.exit_code = 1;
    return end;
  };
  const auto status = reach_target(context(), 0);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("the network did not come up"));
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(system.calls_to("mount"), IsEmpty());
}

TEST_F(ReachTarget, ASetupThatHangsIsKilledAtItsDeadline) {
  make_remote();
  system.on_run = [](const auto&, const ProgramObserver&, Deadline) {
    return ProgramEnd{100, {}, true};
  };
  const auto status = reach_target(context(), 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kTimeout);
}

}  // namespace
}  // namespace kdump::agent
