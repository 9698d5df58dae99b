// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/agent.h"

#include "base/io.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace kdump::agent {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

/// Whole runs with a real supervisor, real processes and a fake kernel.
class RunAsInit : public testing::Test, public CaptureFixture {
 protected:
  RunAsInit() {
    tree.write("/proc/self/oom_score_adj", "0");
    plan.failure_action = config::FailureAction::kHalt;
    plan.final_action = config::FinalAction::kPoweroff;
  }
  /// The first thing that the machine was told to do.
  std::string run() {
    tree.write("/etc/kdump/plan.json", config::to_json(plan));
    run_as_init({tree.root(), system, power, log});
    return power.actions.empty() ? "nothing" : power.actions[0];
  }
  FakePower power;
};

TEST_F(RunAsInit, ASavedDumpEndsInTheFinalAction) {
  EXPECT_EQ(run(), "poweroff") << recorded();
  EXPECT_TRUE(tree.exists(dumped("vmcore")));
  EXPECT_EQ(tree.read("/proc/self/oom_score_adj"), "-1000");
}

TEST_F(RunAsInit, AShellIsToldWhatEachTargetCameTo) {
  plan.failure_action = config::FailureAction::kShell;
  add_fallback();
  identities["/dev/vda"].uuid = "other";
  system.on_mount = [](Deadline) -> Status { return system_error(EINVAL, "x"); };
  EXPECT_EQ(run(), "shell");
  EXPECT_THAT(recorded(),
              ContainsRegex("ext4 UUID=1234-abcd: modules [0-9.]+ s, device [0-9.]+ s"));
  EXPECT_THAT(recorded(), ContainsRegex("ext4 UUID=5678: .*mount [0-9.]+ s"));
}

TEST_F(RunAsInit, WithoutAPlanItReboots) {
  run_as_init({tree.root(), system, power, log});
  ASSERT_FALSE(power.actions.empty());
  EXPECT_EQ(power.actions[0], "reboot");
  EXPECT_THAT(recorded(), HasSubstr("kdumpctl rebuild"));
}

TEST_F(RunAsInit, WithAPlanThatIsNoneItReboots) {
  tree.write("/etc/kdump/plan.json", "{\"version\": 1");
  run_as_init({tree.root(), system, power, log});
  ASSERT_FALSE(power.actions.empty());
  EXPECT_EQ(power.actions[0], "reboot");
  EXPECT_THAT(recorded(), HasSubstr("/etc/kdump/plan.json"));
  EXPECT_THAT(recorded(), HasSubstr("kdumpctl rebuild"));
}

TEST_F(RunAsInit, EveryFailureEndsInTheFailureAction) {
  struct Row {
    const char* what;
    std::function<void()> arrange;
  };
  const std::vector<Row> rows{
      {"no vmcore", [this] { ASSERT_EQ(::unlink(tree.path("/proc/vmcore").c_str()), 0); }},
      {"no device", [this] { identities["/dev/vda"].uuid = "other"; }},
      {"no mount",
       [this] { system.on_mount = [](Deadline) -> Status { return system_error(EIO, "x"); }; }},
      {"no collector",
       [this] {
         system.on_run = [](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
           return Result<ProgramEnd>(system_error(ENOENT, "x"));
         };
       }},
  };
  for (const Row& row : rows) {
    row.arrange();
    power.actions.clear();
    EXPECT_EQ(run(), "halt") << row.what;
  }
}

TEST_F(RunAsInit, AWorkerThatDiesEndsInTheFailureActionWithItsLogSaved) {
  system.on_run =
      [](const std::vector<std::string>&, const ProgramObserver&, Deadline) -> Result<ProgramEnd> {
    ::raise(SIGKILL);
    return ProgramEnd{};
  };
  EXPECT_EQ(run(), "halt");
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
  EXPECT_EQ(tree.mode(dumped("kexec-dmesg.log")), 0600U);
  EXPECT_THAT(
      tree.read(dumped("kexec-dmesg.log")),
      HasSubstr("no vmcore was saved: the worker died in step 'dmesg': killed by signal 9"));
}

TEST_F(RunAsInit, AWorkerThatIsStuckEndsInTheFailureActionWithItsLogSaved) {
  plan.deadlines.total = 5;
  system.on_run = [](const std::vector<std::string>& argv,
                     const ProgramObserver&,
                     Deadline) -> Result<ProgramEnd> {
    for (; argv.at(1) != "--dump-dmesg";) ::sleep(1000);
    return FakeSystem::write_output(argv, "messages");
  };
  const auto start = Clock::now();
  EXPECT_EQ(run(), "halt");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(60));
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
  EXPECT_TRUE(tree.exists(dumped("vmcore-dmesg.txt")));
  EXPECT_THAT(tree.read(dumped("kexec-dmesg.log")),
              HasSubstr("step 'collect' did not end in time"));
}

TEST_F(RunAsInit, AWorkerThatIsStuckBeforeTheDirectoryExistsSaysSo) {
  plan.deadlines.total = 3;
  system.on_mount = [](Deadline) -> Status {
    for (;;) ::sleep(1000);
  };
  EXPECT_EQ(run(), "halt");
  EXPECT_THAT(recorded(), HasSubstr("step 'mount' did not end in time"));
  EXPECT_THAT(recorded(), HasSubstr("the log is on this console only"));
}

TEST_F(RunAsInit, AWorkerThatDiesIsFollowedByOneForTheNextTarget) {
  add_fallback();
  plan.deadlines.total = 60;
  plan.deadlines.mount = 1;
  system.on_mount = [this](Deadline) -> Status {
    if (system.calls_to("mount").back().find("/dev/vda ") == std::string::npos) return {};
    ::raise(SIGKILL);
    return {};
  };
  EXPECT_EQ(run(), "poweroff");
  EXPECT_TRUE(tree.exists(dumped("vmcore", "/kdumproot-2")));
  EXPECT_THAT(tree.read(dumped("kexec-dmesg.log", "/kdumproot-2")),
              HasSubstr("the worker died in step 'mount': killed by signal 9"));
}

TEST_F(RunAsInit, WhenKdumpPreWantsNoDumpTheFinalActionFollows) {
  plan.hooks.pre = {{"/bin/decide", true}};
  plan.hooks.emergency = {{"/bin/emergency", false}};
  system.on_run = [](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
    return Result<ProgramEnd>(ProgramEnd{100, {1, 0}, false});
  };
  EXPECT_EQ(run(), "poweroff");
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
  EXPECT_TRUE(system.calls_to("run").empty()) << "the worker's calls are in the worker";
}

TEST_F(RunAsInit, EmergencyHooksRunWhenNothingCouldBeSaved) {
  plan.hooks.emergency = {{"/etc/kdump/emergency.d/1", false}, {"/bin/emergency", false}};
  identities["/dev/vda"].uuid = "other";
  system.on_run = [](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
    return Result<ProgramEnd>(ProgramEnd{100, {1, 0}, false});
  };
  EXPECT_EQ(run(), "halt");
  EXPECT_THAT(system.calls_to("run"),
              testing::ElementsAre(
                  HasSubstr("--dump-dmesg"), "run /etc/kdump/emergency.d/1", "run /bin/emergency"));
  EXPECT_THAT(recorded(), HasSubstr("WARNING: /bin/emergency failed: exit code 1"));
}

}  // namespace
}  // namespace kdump::agent
