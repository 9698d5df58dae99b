// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/dump_file.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

class DumpFile : public testing::Test {
 protected:
  Result<std::uint64_t> publish() {
    return publish_dump_file(tree.path("/vmcore-incomplete"), tree.path("/vmcore"));
  }
  test::TempTree tree;
};

TEST_F(DumpFile, GetsItsNameAndMode) {
  tree.write("/vmcore-incomplete", "12345");
  const auto size = publish();
  ASSERT_TRUE(size) << size.error().message;
  EXPECT_EQ(*size, 5U);
  EXPECT_EQ(tree.read("/vmcore"), "12345");
  EXPECT_EQ(tree.mode("/vmcore"), 0600U);
  EXPECT_FALSE(tree.exists("/vmcore-incomplete"));
}

TEST_F(DumpFile, WhatIsEmptyOrAbsentIsNotPublished) {
  EXPECT_FALSE(publish());
  tree.write("/vmcore-incomplete", "");
  EXPECT_FALSE(publish());
  EXPECT_FALSE(tree.exists("/vmcore"));
  EXPECT_TRUE(tree.exists("/vmcore-incomplete"));
}

TEST_F(DumpFile, ALinkIsNotPublished) {
  tree.write("/elsewhere", "x");
  tree.link("/vmcore-incomplete", tree.path("/elsewhere"));
  EXPECT_FALSE(publish());
  EXPECT_FALSE(tree.exists("/vmcore"));
}

}  // namespace
}  // namespace kdump::agent
