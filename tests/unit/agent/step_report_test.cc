// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/step_report.h"

#include "tests/unit/agent/fake_system.h"

#include <gtest/gtest.h>

#include <array>
#include <sys/socket.h>

namespace kdump::agent {
namespace {

TEST(StepReport, SurvivesTheSocket) {
  const StepReport report{Step::kCollect, 3, Clock::now(), "/kdumproot/a dump/x y"};
  const auto decoded = decode_step_report(encode(report));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, report);
}

TEST(StepReport, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "1",
                           "1 0 2",
                           "x 0 2 /d",
                           "-1 0 2 /d",
                           "99 0 2 /d",
                           "1 0 y /d",
                           "1 -1 2 /d",
                           "1  2 /d"}) {
    EXPECT_FALSE(decode_step_report(text)) << "'" << text << "'";
  }
}

TEST(StepReport, EveryStepHasAName) {
  for (int step = 0; step < kStepCount; ++step) {
    EXPECT_FALSE(std::string_view(to_string(static_cast<Step>(step))).empty());
  }
}

TEST(StepClock, SendsTheStepAndItsDeadline) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  const FakeSystem system;
  StepClock steps(system, system.now() + std::chrono::seconds(100), writer.raw());

  const Deadline deadline = steps.begin(Step::kMount, 60);
  EXPECT_EQ(deadline, system.now() + std::chrono::seconds(60));
  steps.set_dump_directory("/d");

  std::array<char, 256> buffer{};
  ssize_t got = ::recv(reader.raw(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  auto report = decode_step_report({buffer.data(), static_cast<std::size_t>(got)});
  ASSERT_TRUE(report);
  EXPECT_EQ(*report, (StepReport{Step::kMount, 0, deadline, ""}));
  got = ::recv(reader.raw(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  report = decode_step_report({buffer.data(), static_cast<std::size_t>(got)});
  ASSERT_TRUE(report);
  EXPECT_EQ(*report, (StepReport{Step::kMount, 0, deadline, "/d"}));
}

TEST(StepClock, NoStepOutlivesTheWork) {
  const FakeSystem system;
  const Deadline end = system.now() + std::chrono::seconds(10);
  StepClock steps(system, end, -1);
  EXPECT_EQ(steps.begin(Step::kCollect, 14'400), end);
}

}  // namespace
}  // namespace kdump::agent
