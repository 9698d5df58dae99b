// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/memory_reserve.h"

#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

constexpr const char* kMinFree = "/proc/sys/vm/min_free_kbytes";

TEST(MemoryReserve, IsTheAllocatorsUntilItIsReleased) {
  const test::TempTree tree;
  tree.write(kMinFree, "1820\n");
  MemoryReserve reserve(tree.root());
  EXPECT_EQ(tree.root().read_value(kMinFree).value_or(""), "5916");
  reserve.release();
  EXPECT_EQ(tree.root().read_value(kMinFree).value_or(""), "1820");
  tree.write(kMinFree, "77\n");
  reserve.release();
  EXPECT_EQ(tree.root().read_value(kMinFree).value_or(""), "77");
}

TEST(MemoryReserve, IsNothingWhereTheKernelHasNoneOrJunk) {
  const test::TempTree tree;
  MemoryReserve(tree.root()).release();
  tree.write(kMinFree, "junk\n");
  MemoryReserve(tree.root()).release();
  EXPECT_EQ(tree.root().read_value(kMinFree).value_or(""), "junk");
}

}  // namespace
}  // namespace kdump::agent
