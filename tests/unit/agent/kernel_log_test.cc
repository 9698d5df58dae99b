// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/kernel_log.h"

#include "base/fd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <sys/socket.h>
#include <vector>

namespace kdump::agent {
namespace {

using testing::ElementsAre;

struct Row {
  const char* record;
  std::optional<std::string> text;
};

TEST(KernelLog, FormatsRecords) {
  const std::array rows{
      Row{"6,339,5140900,-;NET: Registered PF_NETLINK\n",
          "[    5.140900] NET: Registered PF_NETLINK"},
      Row{"6,1,7,-,caller=T1;x; y\n SUBSYSTEM=pci\n DEVICE=+pci:0000\n", "[    0.000007] x; y"},
      Row{"30,340,123456789012,c;\\x09tab\n", "[123456.789012] \\x09tab"},
      Row{"6,1,7,-;\n", "[    0.000007] "},
      Row{"6,1,7,-;no newline", "[    0.000007] no newline"},
      Row{"", std::nullopt},
      Row{"no semicolon", std::nullopt},
      Row{"6,1;too few fields", std::nullopt},
      Row{"6,1,x,-;no time", std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(format_kernel_record(row.record), row.text) << row.record;
}

TEST(KernelLog, ReadsOneRecordARead) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  for (const std::string record : {"6,1,1,-;one\n K=v\n", "junk", "6,2,2,-;two\n"}) {
    ASSERT_GT(::send(writer.raw(), record.data(), record.size(), 0), 0);
  }
  std::vector<std::string> lines;
  const auto status =
      read_kernel_records(reader.raw(), [&](std::string_view text) { lines.emplace_back(text); });
  EXPECT_TRUE(status);
  EXPECT_THAT(lines, ElementsAre("[    0.000001] one", "[    0.000002] two"));
}

TEST(KernelLog, ReportsAReadError) {
  EXPECT_FALSE(read_kernel_records(-1, [](std::string_view) {}));
}

TEST(KernelLog, RecognisesAnOomKill) {
  const std::string message =
      "[    9.1] Out of memory: Killed process 123 (kdump-collect) total-vm:1kB, anon-rss:1kB";
  EXPECT_TRUE(is_oom_kill_of(message, 123));
  EXPECT_FALSE(is_oom_kill_of(message, 12));
  EXPECT_FALSE(is_oom_kill_of(message, 1234));
  EXPECT_FALSE(is_oom_kill_of("[ 9.1] kdump-collect[123] segfault", 123));
  EXPECT_EQ(oom_victim(message), "kdump-collect");
  EXPECT_FALSE(oom_victim("[ 9.1] kdump-collect[123] segfault"));
  EXPECT_FALSE(oom_victim("Killed process )12("));
}

}  // namespace
}  // namespace kdump::agent
