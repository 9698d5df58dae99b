// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/agent_log.h"

#include "base/io.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <unistd.h>

namespace kdump::agent {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kStamp = "\\[ *[0-9]+\\.[0-9]{6}\\] ";

class Console {
 public:
  Console() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    read_end_ = Fd(ends[0]);
    write_end_ = Fd(ends[1]);
  }
  Fd take_writer() { return std::move(write_end_); }
  std::string text() {
    std::array<char, 8192> buffer{};
    const ssize_t got = ::read(read_end_.raw(), buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

 private:
  Fd read_end_;
  Fd write_end_;
};

AgentLog log_on(Console& console) {
  Fd record(::memfd_create("record", MFD_CLOEXEC));
  ::fcntl(record.raw(), F_SETFL, O_APPEND);
  return {console.take_writer(), std::move(record)};
}

TEST(AgentLog, StampsLinesOnConsoleAndInRecord) {
  Console console;
  AgentLog log = log_on(console);
  log.info("saved {} ({})", "vmcore", 7);
  const std::string line = console.text();
  EXPECT_THAT(line, MatchesRegex(std::string(kStamp) + "kdump-agent: saved vmcore \\(7\\)\n"));
  EXPECT_EQ(*log.recorded(), line);
}

TEST(AgentLog, PrefixesEachLineWithItsSeverity) {
  AgentLog log = make_log();
  log.error("first\nsecond");
  log.warning("third");
  EXPECT_THAT(
      *log.recorded(),
      MatchesRegex(std::string(kStamp) + "kdump-agent: ERROR: first\n" + kStamp +
                   "kdump-agent: ERROR: second\n" + kStamp + "kdump-agent: WARNING: third\n"));
}

TEST(AgentLog, KeepsTheLastStateOfAProgressLine) {
  Console console;
  AgentLog log = log_on(console);
  log.program_output("\r 1%\r 5");
  log.program_output("0%\r100%\r");
  log.program_output("\nplain\nunfinished");
  EXPECT_EQ(console.text(), "\r 1%\r 50%\r100%\r\nplain\nunfinished");
  log.end_program_output();
  EXPECT_THAT(
      *log.recorded(),
      MatchesRegex(std::string(kStamp) + "100%\n" + kStamp + "plain\n" + kStamp + "unfinished\n"));
}

TEST(AgentLog, BeginsANewConsoleLineAfterUnfinishedOutput) {
  Console console;
  AgentLog log = log_on(console);
  log.program_output("50%");
  log.info("next");
  EXPECT_THAT(console.text(), MatchesRegex(std::string("50%\n") + kStamp + "kdump-agent: next\n"));
}

TEST(AgentLog, EscapesControlBytesInTheRecord) {
  AgentLog log = make_log();
  log.program_output("a\x1b[31mb\n");
  EXPECT_THAT(*log.recorded(), HasSubstr("a\\x1b[31mb\n"));
}

TEST(AgentLog, ProgramsCannotFillTheRecordUpForTheAgent) {
  AgentLog log = make_log();
  const std::string line(100, 'x');
  for (int i = 0; i < 5000; ++i) log.program_output(line + "\n");
  EXPECT_LE(log.recorded()->size(), AgentLog::kProgramLimit);
  log.error("the reason");
  EXPECT_THAT(*log.recorded(), HasSubstr("the reason"));
  for (int i = 0; i < 5000; ++i) log.info("{}", line);
  EXPECT_LE(log.recorded()->size(), AgentLog::kRecordLimit);
}

TEST(AgentLog, AnEndlessLineIsCut) {
  AgentLog log = make_log();
  for (int i = 0; i < 1000; ++i) log.program_output(std::string(1000, 'y'));
  log.end_program_output();
  EXPECT_LT(log.recorded()->size(), 2000U);
}

TEST(AgentLog, AConsoleThatTakesNothingCostsASecondOnce) {
  Console console;
  AgentLog log = log_on(console);
  const auto start = std::chrono::steady_clock::now();
  const std::string line(1000, 'z');
  for (int i = 0; i < 120; ++i) log.info("{}", line);  // more than the 64 KiB of a pipe
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_GT(log.recorded()->size(), 100'000U);
}

TEST(AgentLog, WorksWithoutConsoleAndRecord) {
  AgentLog log{Fd(), Fd()};
  log.info("nobody hears this");
  log.program_output("nor this\n");
  EXPECT_FALSE(log.recorded());
}

}  // namespace
}  // namespace kdump::agent
