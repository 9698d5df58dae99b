// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/console_watch.h"

#include <gtest/gtest.h>

namespace kdump::ctl::rehearsal {
namespace {

using std::chrono::milliseconds;

TEST(ConsoleWatch, FollowsACaptureWhereverTheBytesAreCut) {
  ConsoleWatch watch;
  EXPECT_EQ(
      watch.take("[    1.0] Run /init as init process\r\n[    2.0] Kernel pa", milliseconds(900)),
      "");
  EXPECT_EQ(watch.take("nic - not syncing: sysrq triggered crash\r\n", milliseconds(2000)),
            "the kernel has panicked, 2.0 s after the start");
  EXPECT_EQ(watch.take("kdump-agent: saved vmcore-dmesg.txt (9 KiB, 1 s)\n", milliseconds(5500)),
            "vmcore-dmesg.txt saved, 3.5 s after the panic");
  EXPECT_EQ(watch.take("kdump-agent: saved vmcore (20 MiB, 2 s)\n", milliseconds(7000)),
            "vmcore saved, 5.0 s after the panic");
  EXPECT_EQ(watch.panic(), milliseconds(2000));
  EXPECT_EQ(watch.dmesg(), milliseconds(5500));
  EXPECT_EQ(watch.vmcore(), milliseconds(7000));
}

TEST(ConsoleWatch, TellsEachStageOnce) {
  ConsoleWatch watch;
  EXPECT_NE(watch.take("Kernel panic - not syncing: a\n", milliseconds(1)), "");
  EXPECT_EQ(watch.take("Kernel panic - not syncing: b\n", milliseconds(2)), "");
  EXPECT_EQ(watch.panic(), milliseconds(1));
}

TEST(ConsoleWatch, ADumpWithoutAPanicIsNone) {
  ConsoleWatch watch;
  EXPECT_EQ(watch.take("kdump-agent: saved vmcore (20 MiB, 2 s)\n", milliseconds(1)), "");
  EXPECT_FALSE(watch.vmcore());
}

TEST(ConsoleWatch, KeepsTheAgentsErrors) {
  ConsoleWatch watch;
  (void)watch.take("Kernel panic - not syncing: a\n[    9.9] kdump-agent: ERROR: no disk\n",
                   milliseconds(1));
  EXPECT_EQ(watch.errors(), std::vector<std::string>{"no disk"});
}

TEST(ConsoleWatch, KeepsFewAndShortLines) {
  ConsoleWatch watch;
  for (int i = 0; i < 30; ++i) (void)watch.take(std::to_string(i) + "\n", milliseconds(i));
  (void)watch.take(std::string(1 << 20U, 'x') + "\x1b[2J\n", milliseconds(99));
  ASSERT_EQ(watch.tail().size(), 20U);
  EXPECT_EQ(watch.tail().front(), "11");
  EXPECT_EQ(watch.tail().back(), std::string(500, 'x'));
}

}  // namespace
}  // namespace kdump::ctl::rehearsal
