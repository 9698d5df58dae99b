// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/failure_record.h"

#include "config/failure_record.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::size_t kLimit = config::kFailureVariableLimit;

std::tm some_time() { return FakeSystem().local_time(); }

std::string efi_file() {
  return std::string(config::kEfiVariables) + "/" + config::kFailureVariable;
}

TEST(FailureRecord, SaysWhenAndWhyAndWhatTheKernelSaid) {
  const std::string record =
      failure_record(some_time(), "6.1.0", "ERROR: no disk\n", "panic\n", kLimit);
  EXPECT_EQ(record,
            "kdump failure record\n2026-11-03 04:05:06, capture kernel 6.1.0\n"
            "--- kdump-agent ---\nERROR: no disk\n--- crashed kernel ---\npanic\n");
}

TEST(FailureRecord, IsBoundedAndKeepsTheEnds) {
  std::string agent;
  std::string dmesg;
  for (int i = 0; i < 2000; ++i) {
    agent += fmt::format("agent {}\n", i);
    dmesg += fmt::format("kernel {}\n", i);
  }
  for (const std::size_t limit : {kLimit, std::size_t{500}, std::size_t{120}, std::size_t{10}}) {
    const std::string record = failure_record(some_time(), "6.1.0", agent, dmesg, limit);
    EXPECT_LE(record.size(), limit);
    if (limit < 500) continue;
    EXPECT_THAT(record, HasSubstr("agent 1999\n"));
    EXPECT_THAT(record, HasSubstr("kernel 1999\n"));
  }
  const std::string alone = failure_record(some_time(), "6.1.0", agent, "", kLimit);
  EXPECT_GT(alone.size(), kLimit - 100) << "the room of what is not there is used";
}

TEST(FailureRecord, GoesWhereTheMachineHasAPlace) {
  const test::TempTree tree;
  EXPECT_THAT(keep_failure_record(tree.root(), "why"), IsEmpty());
  tree.make_directory(config::kEfiVariables);
  tree.write(config::kPmsgDevice, "");
  EXPECT_THAT(keep_failure_record(tree.root(), "why"), ElementsAre("an EFI variable", "pstore"));
  EXPECT_EQ(tree.read(efi_file()), std::string("\x07\0\0\0why", 7));
  EXPECT_EQ(tree.read(config::kPmsgDevice), "why");
}

class LeaveEvidence : public testing::Test, public CaptureFixture {
 protected:
  void leave() { leave_evidence(tree.root(), system, log, plan, Clock::now() + kLong); }
  static constexpr std::chrono::seconds kLong{60};
};

TEST_F(LeaveEvidence, MessagesGoToTheConsoleAndIntoTheRecord) {
  tree.make_directory(config::kEfiVariables);
  log.error("nothing worked");
  leave();
  EXPECT_THAT(
      system.calls_to("run"),
      ElementsAre("run /usr/bin/kdump-collect --dump-dmesg " + tree.path("/proc/vmcore") + " -"));
  EXPECT_THAT(recorded(), HasSubstr("a stream"));
  EXPECT_THAT(recorded(), HasSubstr("the reason is kept in an EFI variable"));
  const std::string record = tree.read(efi_file()).substr(config::kEfiAttributesSize);
  EXPECT_THAT(record, StartsWith(config::kFailureHeading));
  EXPECT_THAT(record, HasSubstr("ERROR: nothing worked"));
  EXPECT_THAT(record, HasSubstr("--- crashed kernel ---\na stream"));
}

TEST_F(LeaveEvidence, WithoutAPlaceItSaysSo) {
  leave();
  EXPECT_THAT(recorded(), HasSubstr("it is on this console only"));
}

TEST_F(LeaveEvidence, WithoutAVmcoreTheReasonIsKept) {
  ASSERT_EQ(::unlink(tree.path("/proc/vmcore").c_str()), 0);
  tree.make_directory(config::kEfiVariables);
  leave();
  EXPECT_THAT(system.calls_to("run"), IsEmpty());
  EXPECT_THAT(recorded(), Not(HasSubstr("the last messages")));
  EXPECT_TRUE(tree.exists(efi_file()));
}

}  // namespace
}  // namespace kdump::agent
