// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/thin_pool.h"

#include "tests/support/lvm_builder.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace kdump {
namespace {

TEST(ThinPool, SaysHowFullItIs) {
  const test::TempTree tree;
  for (const bool needs_check : {false, true}) {
    const ThinPoolState state{1000, 400, 128, needs_check};
    tree.write("/meta", test::thin_pool_metadata(state));
    const auto read = read_thin_pool(tree.path("/meta"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, state);
    EXPECT_EQ(read->free_bytes(), 600U * 128 * 512);
  }
}

TEST(ThinPool, ImpossibleNumbersDoNotWrapAround) {
  EXPECT_EQ((ThinPoolState{10, 11, 128, false}.free_bytes()), 0U);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ((ThinPoolState{kMost, 0, 1U << 21U, false}.free_bytes()), kMost);
}

TEST(ThinPool, WhatIsNoPoolIsRefused) {
  const test::TempTree tree;
  const std::string good = test::thin_pool_metadata({1000, 400, 128, false});
  tree.write("/short", good.substr(0, 300));
  EXPECT_FALSE(read_thin_pool(tree.path("/short")));
  tree.write("/empty", std::string(4096, '\0'));
  const auto empty = read_thin_pool(tree.path("/empty"));
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().message, testing::HasSubstr("no metadata of a thin pool"));
  tree.write("/chunk", test::thin_pool_metadata({1000, 400, (1U << 21U) + 1, false}));
  EXPECT_FALSE(read_thin_pool(tree.path("/chunk")));
  EXPECT_FALSE(read_thin_pool(tree.path("/away")));
}

}  // namespace
}  // namespace kdump
