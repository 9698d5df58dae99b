// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/supervisor.h"

#include "base/subprocess.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sys/socket.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using How = WorkerEnd::How;

void report(int fd, Step step, int milliseconds_left, const std::string& directory = "") {
  const std::string datagram =
      encode(StepReport{step, 0, Clock::now() + milliseconds(milliseconds_left), directory});
  ASSERT_EQ(::send(fd, datagram.data(), datagram.size(), 0), static_cast<ssize_t>(datagram.size()));
}

SupervisorLimits limits(int end_ms, int grace_ms) {
  return {Clock::now() + milliseconds(end_ms), milliseconds(grace_ms), milliseconds(2000)};
}

[[noreturn]] void sleep_for_ever() {
  for (;;) ::sleep(1000);
}

TEST(Supervise, SeesSuccess) {
  const auto end = supervise(
      [](int fd) {
        report(fd, Step::kCollect, 60'000, "/d");
        return kWorkerSucceeded;
      },
      limits(60'000, 60'000));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, How::kSucceeded);
  EXPECT_EQ(end->last.dump_directory, "/d");
}

TEST(Supervise, KnowsWhatEachStepTook) {
  const auto end = supervise(
      [](int fd) {
        report(fd, Step::kModules, 60'000);
        report(fd, Step::kDevice, 60'000);
        ::usleep(200'000);
        report(fd, Step::kDevice, 60'000, "/d");
        report(fd, Step::kMount, 60'000);
        return kWorkerFailed;
      },
      limits(60'000, 60'000));
  ASSERT_TRUE(end);
  ASSERT_EQ(end->steps.size(), 3U);
  EXPECT_EQ(end->steps[0].step, Step::kModules);
  EXPECT_EQ(end->steps[1].step, Step::kDevice);
  EXPECT_GE(end->steps[1].took, milliseconds(150));
  EXPECT_EQ(end->steps[2].step, Step::kMount);
}

TEST(Supervise, SeesFailure) {
  const auto end = supervise(
      [](int fd) {
        report(fd, Step::kDevice, 60'000);
        return kWorkerFailed;
      },
      limits(60'000, 60'000));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, How::kFailed);
  EXPECT_EQ(end->reason, "");
  EXPECT_EQ(end->last.step, Step::kDevice);
}

TEST(Supervise, SeesDeath) {
  const auto killed = supervise(
      [](int fd) {
        report(fd, Step::kCollect, 60'000, "/dump");
        ::raise(SIGKILL);
        return kWorkerSucceeded;
      },
      limits(60'000, 60'000));
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->how, How::kDied);
  EXPECT_THAT(killed->reason, HasSubstr("'collect'"));
  EXPECT_EQ(killed->last.dump_directory, "/dump");

  const auto exited = supervise([](int) { return 1; }, limits(60'000, 60'000));
  ASSERT_TRUE(exited);
  EXPECT_EQ(exited->how, How::kDied);
  EXPECT_THAT(exited->reason, HasSubstr("exit code 1"));
}

TEST(Supervise, KillsAStepThatExceedsItsDeadline) {
  const auto start = Clock::now();
  const auto end = supervise(
      [](int fd) {
        report(fd, Step::kMount, 100, "/dump");
        sleep_for_ever();
        return kWorkerSucceeded;
      },
      limits(60'000, 100));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, How::kStuck);
  EXPECT_THAT(end->reason, HasSubstr("'mount' did not end in time"));
  EXPECT_EQ(end->last.dump_directory, "/dump");
  EXPECT_GE(Clock::now() - start, milliseconds(200));
  EXPECT_LT(Clock::now() - start, milliseconds(10'000));
}

TEST(Supervise, KillsAWorkerThatNeverReports) {
  const auto end = supervise([](int) -> int { sleep_for_ever(); }, limits(60'000, 100));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, How::kStuck);
}

TEST(Supervise, TheEndHoldsWhateverTheWorkerReports) {
  const auto start = Clock::now();
  const auto end = supervise(
      [](int fd) -> int {
        for (;;) {
          report(fd, Step::kCollect, 3'600'000);
          ::usleep(10'000);
        }
      },
      limits(300, 60'000));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, How::kStuck);
  EXPECT_GE(Clock::now() - start, milliseconds(300));
  EXPECT_LT(Clock::now() - start, milliseconds(10'000));
}

TEST(Supervise, KillsWhatTheWorkerStarted) {
  const test::TempTree tree;
  const auto end = supervise(
      [&](int) -> int {
        const pid_t child = ::fork();
        if (child == 0) {
          ::usleep(3'000'000);
          tree.write("/still-alive", "");
          ::_exit(0);
        }
        sleep_for_ever();
      },
      limits(60'000, 100));
  ASSERT_TRUE(end);
  ::usleep(3'500'000);
  EXPECT_FALSE(tree.exists("/still-alive"));
}

TEST(Supervise, SeesTheEndAtOnce) {
  const auto start = Clock::now();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(supervise([](int) { return kWorkerSucceeded; }, limits(60'000, 60'000)));
  }
  EXPECT_LT(Clock::now() - start, milliseconds(4000));
}

TEST(Supervise, AWorkerThatClosesItsSocketIsStillWaitedFor) {
  const auto end = supervise(
      [](int fd) {
        report(fd, Step::kCollect, 60'000);
        ::close(fd);
        ::usleep(100'000);
        return kWorkerSucceeded;
      },
      limits(60'000, 60'000));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, How::kSucceeded);
}

}  // namespace
}  // namespace kdump::agent
