// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/activity.h"

#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using std::chrono::seconds;

std::string stat_line(const std::string& name, unsigned user, unsigned system) {
  return fmt::format(
      "77 ({}) D 1 77 77 0 -1 4194560 100 0 0 0 {} {} 5 6 20 0 1 0 12345 0\n", name, user, system);
}

TEST(ProcessorTime, IsUserAndSystemTime) {
  EXPECT_EQ(processor_time(stat_line("kdump-collect", 120, 30)), 150U);
  EXPECT_EQ(processor_time(stat_line("a) R 9 9 (b", 1, 2)), 3U);
}

TEST(ProcessorTime, OfOtherTextIsNothing) {
  for (const char* text : {"", "77", "77 (x)", "77 (x) D 1 2 3 4 5 6 7 8 9 10 11", ")"}) {
    EXPECT_FALSE(processor_time(text)) << text;
  }
  EXPECT_FALSE(processor_time("77 (x) D 1 77 77 0 -1 4194560 100 0 0 0 x 2 5"));
}

TEST(Activity, CountsFromTheLastTimeItDidSomething) {
  const test::TempTree tree;
  const SysRoot root = tree.root();
  const Deadline start = Clock::now();
  tree.write("/proc/77/stat", stat_line("x", 0, 100));
  Activity activity(root, 77, start);
  EXPECT_EQ(activity.idle(start + seconds(1)), seconds(0));
  EXPECT_EQ(activity.idle(start + seconds(9)), seconds(8));
  tree.write("/proc/77/stat", stat_line("x", 10, 109));  // a line of progress
  EXPECT_EQ(activity.idle(start + seconds(9)), seconds(8));
  tree.write("/proc/77/stat", stat_line("x", 15, 110));
  EXPECT_EQ(activity.idle(start + seconds(10)), seconds(0));
  EXPECT_EQ(activity.idle(start + seconds(12)), seconds(2));
}

TEST(Activity, WhatCannotBeSeenIsNotCalledIdle) {
  const test::TempTree tree;
  const SysRoot root = tree.root();
  const Deadline start = Clock::now();
  Activity activity(root, 77, start);
  EXPECT_EQ(activity.idle(start + seconds(100)), seconds(0));
}

}  // namespace
}  // namespace kdump::agent
