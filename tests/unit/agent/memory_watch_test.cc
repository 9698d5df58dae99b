// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/memory_watch.h"

#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

TEST(MemoryWatch, KeepsTheLowest) {
  const test::TempTree tree;
  MemoryWatch watch(tree.root());
  watch.sample();
  EXPECT_FALSE(watch.lowest_available_kib());
  for (const char* text : {"MemTotal: 900 kB\nMemAvailable: 500 kB\n",
                           "MemTotal: 900 kB\nMemAvailable: 300 kB\n",
                           "MemTotal: 900 kB\nMemAvailable: 400 kB\n",
                           "MemAvailable: junk\nMemAvailable:\n\n"}) {
    tree.write("/proc/meminfo", text);
    watch.sample();
  }
  EXPECT_EQ(watch.lowest_available_kib(), 300U);
  EXPECT_EQ(watch.total_kib(), 900U);
}

}  // namespace
}  // namespace kdump::agent
