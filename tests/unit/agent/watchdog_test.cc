// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/watchdog.h"

#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace kdump::agent {
namespace {

TEST(Watchdogs, EachIsFedFromItsAppearanceOn) {
  const test::TempTree tree;
  tree.write("/dev/watchdog", "");
  tree.write("/dev/watchdog0", "");
  tree.write("/dev/watchdogs", "");
  Watchdogs watchdogs(tree.root());
  EXPECT_EQ(watchdogs.feed(), 1U);
  tree.write("/dev/watchdog1", "");
  EXPECT_EQ(watchdogs.feed(), 2U);
  EXPECT_EQ(tree.read("/dev/watchdog0"), "..");
  EXPECT_EQ(tree.read("/dev/watchdog1"), ".");
  EXPECT_EQ(tree.read("/dev/watchdog"), "") << "another name of the first";
}

TEST(Watchdogs, TheFeederEndsWithTheDeadlineAndNeverStopsThem) {
  const test::TempTree tree;
  tree.write("/dev/watchdog0", "");
  const auto feeder = start_feeding(tree.root(), Clock::now() + std::chrono::seconds(1));
  ASSERT_TRUE(feeder);
  int status = -1;
  ASSERT_EQ(::waitpid(*feeder, &status, 0), *feeder);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(tree.read("/dev/watchdog0"), ".");
}

TEST(Watchdogs, AsLongAsAPersonIsThereItGoesOn) {
  const test::TempTree tree;
  tree.write("/dev/watchdog0", "");
  const auto feeder = start_feeding(tree.root(), Clock::now() + std::chrono::milliseconds(500));
  ASSERT_TRUE(feeder);
  while (tree.read("/dev/watchdog0").empty()) std::this_thread::yield();
  ASSERT_EQ(::kill(*feeder, SIGTERM), 0);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_EQ(::waitpid(*feeder, nullptr, WNOHANG), 0) << "it has ended";
  ::kill(*feeder, SIGKILL);
  ::waitpid(*feeder, nullptr, 0);
}

}  // namespace
}  // namespace kdump::agent
