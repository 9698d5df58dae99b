// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/init_environment.h"

#include "base/io.h"
#include "capture/agent/bounded_call.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

using testing::HasSubstr;

/// These change a process for good, so each runs in one of its own.
Result<std::string> in_a_process(const std::function<Result<std::string>()>& work) {
  return call_bounded("test", work, Clock::now() + std::chrono::seconds(20), Overdue::kKill);
}

TEST(InitEnvironment, StandardDescriptorsAreOpenEvenWithoutAConsole) {
  const auto result = in_a_process([]() -> Result<std::string> {
    // The pipe that answers has a higher number.
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    claim_process();
    for (int fd = 0; fd < 3; ++fd) {
      if (::fcntl(fd, F_GETFD) < 0) return system_error(errno, "descriptor {}", fd);
    }
    const Fd next = TRY(Fd::open("/", O_RDONLY));
    return std::string(next.raw() > 2 ? "above" : "among");
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(*result, "above");
}

TEST(InitEnvironment, FilesAreForRootOnly) {
  const test::TempTree tree;
  const auto result = in_a_process([&]() -> Result<std::string> {
    claim_process();
    Fd file = TRY(Fd::open(tree.path("/file"), O_WRONLY | O_CREAT, 0666));
    TRY(file.close());
    return std::string();
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(tree.mode("/file"), 0600U);
}

TEST(InitEnvironment, TheLogGoesToTheConsoleAndTheRecord) {
  const test::TempTree tree;
  tree.write("/dev/console", "");
  tree.write("/dev/null", "");
  tree.make_directory("/run");
  const auto result = in_a_process([&]() -> Result<std::string> {
    AgentLog log = open_log(tree.root());
    log.info("hello");
    TRY(write_all(STDERR_FILENO, "from a program\n"));
    return log.recorded();
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(*result, HasSubstr("kdump-agent: hello\n"));
  EXPECT_THAT(tree.read("/dev/console"), HasSubstr("kdump-agent: hello\nfrom a program\n"));
  EXPECT_EQ(tree.mode("/run/kdump-agent.log"), 0600U);
}

TEST(InitEnvironment, TheLogWorksWithoutAnyOfThem) {
  const test::TempTree tree;
  const auto result = in_a_process([&]() -> Result<std::string> {
    AgentLog log = open_log(tree.root());
    log.info("hello");
    return std::string("went on");
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(*result, "went on");
}

TEST(LocalClock, IsReadInItsTimeZone) {
  const char* before = ::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "XYZ-2", 1);  // two hours east of Greenwich
  ::tzset();
  EXPECT_EQ(utc_of_local_clock(1'700'000'000), 1'700'000'000 - 7200);
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(utc_of_local_clock(1'700'000'000), 1'700'000'000);
  if (before == nullptr) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", kept.c_str(), 1);
  }
  ::tzset();
}

TEST(LocalClock, AClockInUtcIsLeftAlone) {
  const test::TempTree tree;
  EXPECT_TRUE(correct_local_clock(tree.root()));
  for (const char* text : {"", "0.0 0 0.0\n0\nUTC\n", "LOCAL\n", "0.0 0 0.0\n0\nlocalish\n"}) {
    tree.write("/etc/adjtime", text);
    EXPECT_TRUE(correct_local_clock(tree.root())) << text;
  }
}

TEST(RestartOnPanic, IsSetUnlessTheCommandLineDid) {
  struct Row {
    const char* before;
    const char* after;
  };
  for (const Row& row : {Row{"0\n", "10"}, Row{"5\n", "5\n"}, Row{"-1\n", "-1\n"}}) {
    const test::TempTree tree;
    tree.write("/proc/sys/kernel/panic", row.before);
    ASSERT_TRUE(restart_on_panic(tree.root()));
    EXPECT_TRUE(tree.read("/proc/sys/kernel/panic").starts_with(row.after)) << row.before;
  }
  const test::TempTree empty;
  EXPECT_FALSE(restart_on_panic(empty.root()));
}

TEST(OutliveHungTasks, WhateverTheCommandLineSays) {
  const test::TempTree tree;
  EXPECT_TRUE(outlive_hung_tasks(tree.root())) << "a kernel that does not look for them";
  tree.write("/proc/sys/kernel/hung_task_panic", "1\n");
  EXPECT_TRUE(outlive_hung_tasks(tree.root()));
  EXPECT_TRUE(tree.read("/proc/sys/kernel/hung_task_panic").starts_with("0"));
}

}  // namespace
}  // namespace kdump::agent
