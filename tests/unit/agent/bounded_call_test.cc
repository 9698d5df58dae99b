// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/bounded_call.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace kdump::agent {
namespace {

using testing::HasSubstr;

Deadline in(int milliseconds) { return Clock::now() + std::chrono::milliseconds(milliseconds); }

TEST(CallBounded, ReturnsTheValue) {
  const auto result = call_bounded(
      "work",
      []() -> Result<std::string> { return std::string("a\0b\n", 4); },
      in(10'000),
      Overdue::kKill);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(*result, std::string("a\0b\n", 4));
}

TEST(CallBounded, ReturnsTheError) {
  const auto result = call_bounded(
      "work",
      []() -> Result<std::string> { return system_error(EROFS, "mount it"); },
      in(10'000),
      Overdue::kKill);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kSystem);
  EXPECT_EQ(result.error().code, EROFS);
  EXPECT_THAT(result.error().message, HasSubstr("mount it"));
}

TEST(CallBounded, SaysThatTheProcessDied) {
  const auto result = call_bounded(
      "examine /dev/sda",
      []() -> Result<std::string> {
        ::raise(SIGKILL);
        return std::string();
      },
      in(10'000),
      Overdue::kKill);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("examine /dev/sda"));
}

TEST(CallBounded, ReturnsAtTheDeadlineAndKills) {
  const test::TempTree tree;
  const auto start = Clock::now();
  const auto result = call_bounded(
      "slow work",
      [&]() -> Result<std::string> {
        ::usleep(2'000'000);
        tree.write("/done", "");
        return std::string();
      },
      in(100),
      Overdue::kKill);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kTimeout);
  EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(1900));
  ::usleep(2'500'000);
  EXPECT_FALSE(tree.exists("/done"));
}

TEST(CallBounded, LeavesItRunningWhenAsked) {
  const test::TempTree tree;
  const auto result = call_bounded(
      "slow work",
      [&]() -> Result<std::string> {
        ::usleep(200'000);
        tree.write("/done", "");
        return std::string();
      },
      in(20),
      Overdue::kLeaveRunning);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kTimeout);
  for (int i = 0; i < 100 && !tree.exists("/done"); ++i) ::usleep(50'000);
  EXPECT_TRUE(tree.exists("/done"));
}

}  // namespace
}  // namespace kdump::agent
