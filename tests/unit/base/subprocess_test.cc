// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/subprocess.h"

#include <gtest/gtest.h>

#include <signal.h>

namespace kdump {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

TEST(Subprocess, CapturesOutputAndExitCode) {
  const auto echoed = run_command({"echo", "a b", "$HOME;`x`"}, milliseconds(10000));
  ASSERT_TRUE(echoed.has_value()) << echoed.error().message;
  EXPECT_EQ(echoed->out, "a b $HOME;`x`\n") << "no shell looks at the words";
  EXPECT_TRUE(echoed->status.success());

  const auto failed = run_command({"false"}, milliseconds(10000));
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->status.exit_code, 1);
  EXPECT_EQ(failed->status.describe(), "exit code 1");
}

TEST(Subprocess, AbsentProgramIsNotFound) {
  const auto absent = run_command({"/nonexistent/program"}, milliseconds(1000));
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().kind, ErrorKind::kNotFound);
}

TEST(Subprocess, TimeoutKillsTheCommand) {
  const auto started = Clock::now();
  const auto slow = run_command({"sleep", "60"}, milliseconds(50));
  ASSERT_FALSE(slow.has_value());
  EXPECT_EQ(slow.error().kind, ErrorKind::kTimeout);
  EXPECT_LT(Clock::now() - started, std::chrono::seconds(30));
}

TEST(Subprocess, SignalsAreReported) {
  auto child = Child::spawn({"sleep", "60"}, {});
  ASSERT_TRUE(child.has_value());
  child->kill(SIGTERM);
  const auto status = child->wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->signal, SIGTERM);
  EXPECT_FALSE(status->success());
}

}  // namespace
}  // namespace kdump
