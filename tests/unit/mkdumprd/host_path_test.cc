// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/host_path.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HostPath, RecordsEveryLinkOnTheWay) {
  const kdump::test::TempTree tree;
  tree.write("/usr/lib/x/libone.so.1.2", "");
  tree.link("/lib", "usr/lib");
  tree.link("/usr/lib/y", "/usr/lib/x");
  tree.link("/usr/lib/x/libone.so.1", "libone.so.1.2");

  const auto path = follow(tree.root(), "/lib/y/../x/./libone.so.1");
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(path->file, "/usr/lib/x/libone.so.1.2");
  EXPECT_THAT(path->links,
              ElementsAre(HostLink{"/lib", "usr/lib"},
                          HostLink{"/usr/lib/y", "/usr/lib/x"},
                          HostLink{"/usr/lib/x/libone.so.1", "libone.so.1.2"}));
}

TEST(HostPath, StaysInsideTheRoot) {
  const kdump::test::TempTree tree;
  tree.write("/etc/file", "");
  tree.link("/up", "../../../../etc/file");
  const auto path = follow(tree.root(), "/up");
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(path->file, "/etc/file");
}

TEST(HostPath, AbsentAndCircularPathsAreErrors) {
  const kdump::test::TempTree tree;
  tree.link("/dangling", "nowhere");
  tree.link("/a", "b");
  tree.link("/b", "a");
  EXPECT_EQ(follow(tree.root(), "/absent").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(follow(tree.root(), "/dangling").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(follow(tree.root(), "/a").error().kind, ErrorKind::kSystem);
}

TEST(HostPath, RootIsAFolderWithoutLinks) {
  const kdump::test::TempTree tree;
  const auto path = follow(tree.root(), "/");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->file, "/");
  EXPECT_THAT(path->links, IsEmpty());
}

TEST(HostPath, PartsOfAPath) {
  EXPECT_EQ(parent_of("/a/b"), "/a");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("/"), "/");
  EXPECT_EQ(name_of("/a/b"), "b");
  EXPECT_EQ(name_of("b"), "b");
  EXPECT_EQ(join("/", "x"), "/x");
  EXPECT_EQ(join("/a/", "/x/y"), "/a/x/y");
  EXPECT_EQ(join("/a", ""), "/a");
  EXPECT_EQ(join("/", "/"), "/");
}

}  // namespace
}  // namespace kdump::mkdumprd
