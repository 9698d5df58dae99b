// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/linux_system.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Deadline in(int milliseconds) { return Clock::now() + std::chrono::milliseconds(milliseconds); }

class LinuxSystemTest : public testing::Test {
 protected:
  Result<ProgramEnd> run(const std::vector<std::string>& argv, Deadline deadline) {
    return system.run({argv},
                      {.output = [this](std::string_view bytes) { output += bytes; },
                       .tick = [this] { ++ticks; }},
                      deadline);
  }
  LinuxSystem system{SysRoot()};
  std::string output;
  int ticks = 0;
};

TEST_F(LinuxSystemTest, RunsAProgramAndRelaysWhatItPrints) {
  const auto end = run({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, in(60'000));
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->status.exit_code, 3);
  EXPECT_FALSE(end->deadline_passed);
  EXPECT_GT(end->pid, 0);
  EXPECT_EQ(output, "out\nerr\n");
  EXPECT_GE(ticks, 1);
}

TEST_F(LinuxSystemTest, GivesProgramsACleanEnvironment) {
  ::setenv("LD_PRELOAD_TEST", "x", 1);
  ASSERT_TRUE(run({"/usr/bin/env"}, in(60'000)));
  EXPECT_THAT(output, HasSubstr("PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
  EXPECT_THAT(output, testing::Not(HasSubstr("LD_PRELOAD_TEST")));
}

TEST_F(LinuxSystemTest, ProgramsAreTheFirstToGoWhenMemoryRunsOut) {
  // It reads its own score until the agent has set it.
  const auto end =
      run({"/bin/sh",
           "-c",
           "while read s < /proc/self/oom_score_adj; do [ $s = 1000 ] && exit 0; done"},
          in(20'000));
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->status.success());
}

TEST_F(LinuxSystemTest, ReportsTheSignal) {
  const auto end = run({"/bin/sh", "-c", "kill -SEGV $$"}, in(60'000));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status.signal, SIGSEGV);
}

TEST_F(LinuxSystemTest, KillsAtTheDeadline) {
  const auto start = Clock::now();
  const auto end = run({"/bin/sh", "-c", "echo begun; exec sleep 1000"}, in(2000));
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->deadline_passed);
  EXPECT_EQ(end->status.signal, SIGKILL);
  EXPECT_EQ(output, "begun\n");
  EXPECT_GE(ticks, 2);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(60));
}

TEST_F(LinuxSystemTest, KillsWhatDoesNothing) {
  Program sleeper{{"/bin/sh", "-c", "exec sleep 1000"}};
  sleeper.stall = std::chrono::seconds(2);
  const auto end =
      system.run(sleeper, {.output = [](std::string_view) {}, .tick = [] {}}, in(60'000));
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->stalled);
  EXPECT_FALSE(end->deadline_passed);
  EXPECT_EQ(end->status.signal, SIGKILL);
}

TEST_F(LinuxSystemTest, WhatWorksIsNotStalled) {
  Program busy{{"/bin/sh", "-c", "while :; do :; done"}};
  busy.stall = std::chrono::seconds(2);
  const auto end = system.run(busy, {.output = [](std::string_view) {}, .tick = [] {}}, in(5'000));
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->stalled);
  EXPECT_TRUE(end->deadline_passed);
}

TEST_F(LinuxSystemTest, DoesNotWaitForWhatAProgramLeftBehind) {
  const auto start = Clock::now();
  const auto end = run({"/bin/sh", "-c", "sleep 20 & exit 0"}, in(60'000));
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->status.success());
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(10));
}

TEST_F(LinuxSystemTest, AProgramThatIsNotThereIsAnError) {
  const auto end = run({"/nonexistent/program"}, in(1000));
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("/nonexistent/program"));
}

TEST_F(LinuxSystemTest, WhatIsNoModuleIsAnError) {
  const test::TempTree tree;
  tree.write("/a.ko", "not a module");
  LinuxSystem here(tree.root());
  const auto status = here.load_module({"/a.ko", ""}, in(10'000));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("/a.ko"));
  EXPECT_FALSE(here.load_module({"/absent.ko", ""}, in(10'000)));
}

TEST_F(LinuxSystemTest, AMountThatFailsKeepsItsErrno) {
  const test::TempTree tree;
  const auto status = system.mount(
      "/nonexistent",
      tree.path("/nowhere"),
      {.fs_type = "ext4", .device = {}, .source = "", .mount_data = "", .directory = "/"},
      in(10'000));
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error().code == ENOENT || status.error().code == EPERM) << status.error().code;
}

TEST_F(LinuxSystemTest, ADeviceThatIsNotThereIsAnError) {
  EXPECT_FALSE(system.identify("/nonexistent", in(10'000)));
}

TEST_F(LinuxSystemTest, WaitsForDevicesNoLongerThanAsked) {
  const Deadline until = in(50);
  (void)system.wait_for_devices(until);  // other events may end it sooner
  EXPECT_LT(Clock::now() - until, std::chrono::seconds(5));
}

TEST_F(LinuxSystemTest, ReadsTheKernelLog) {
  const test::TempTree tree;
  tree.write("/dev/kmsg", "6,1,1500000,-;one\n");
  LinuxSystem here(tree.root());
  std::vector<std::string> lines;
  ASSERT_TRUE(here.each_kernel_message([&](std::string_view text) { lines.emplace_back(text); }));
  EXPECT_THAT(lines, ElementsAre("[    1.500000] one"));
}

}  // namespace
}  // namespace kdump::agent
