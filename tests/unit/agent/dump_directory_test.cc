// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/dump_directory.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using testing::HasSubstr;

class DumpDirectory : public testing::Test {
 protected:
  Result<std::string> create(const std::string& directory) {
    return create_dump_directory(tree.path("/target"), directory, "h-1");
  }
  DumpDirectory() { tree.make_directory("/target"); }
  test::TempTree tree;
};

TEST(DumpDirectoryName, IsTheFieldsForm) {
  std::tm time{};
  time.tm_year = 126;
  time.tm_mon = 0;
  time.tm_mday = 2;
  time.tm_hour = 3;
  time.tm_min = 4;
  time.tm_sec = 5;
  EXPECT_EQ(dump_directory_name("10.0.0.1", time), "10.0.0.1-2026-01-02-03:04:05");
}

TEST_F(DumpDirectory, CreatesParentsForRootOnly) {
  const auto path = create("/var/crash");
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, tree.path("/target/var/crash/h-1"));
  for (const char* made : {"/target/var", "/target/var/crash", "/target/var/crash/h-1"}) {
    EXPECT_EQ(tree.mode(made), 0700U) << made;
  }
}

TEST_F(DumpDirectory, MayBeTheTopOfTheTarget) {
  const auto path = create("/");
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, tree.path("/target/h-1"));
}

TEST_F(DumpDirectory, ANameThatExistsGetsANumber) {
  ASSERT_TRUE(create("/crash"));
  EXPECT_EQ(*create("/crash"), tree.path("/target/crash/h-1-2"));
  EXPECT_EQ(*create("/crash"), tree.path("/target/crash/h-1-3"));
}

TEST_F(DumpDirectory, AbsoluteLinksStayInsideTheTarget) {
  tree.make_directory("/target/data/dumps");
  tree.link("/target/crash", "/data/dumps");
  const auto path = create("/crash");
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, tree.path("/target/data/dumps/h-1"));
}

TEST_F(DumpDirectory, RelativeLinksCannotLeaveTheTarget) {
  tree.make_directory("/target/a");
  tree.make_directory("/outside");
  tree.link("/target/a/crash", "../../../outside");
  const auto path = create("/a/crash");
  EXPECT_FALSE(path && path->find("/target/") == std::string::npos);
  EXPECT_FALSE(tree.exists("/outside/h-1"));
}

TEST_F(DumpDirectory, ADanglingLinkIsAnError) {
  tree.link("/target/crash", "/gone");
  const auto path = create("/crash");
  ASSERT_FALSE(path);
  EXPECT_THAT(path.error().message, HasSubstr("/target/crash"));
}

TEST_F(DumpDirectory, AFileInTheWayIsAnError) {
  tree.write("/target/crash", "");
  const auto path = create("/crash/deeper");
  ASSERT_FALSE(path);
  EXPECT_THAT(path.error().message, HasSubstr("is not a directory"));
}

}  // namespace
}  // namespace kdump::agent
