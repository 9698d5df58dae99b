// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sys_root.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump {
namespace {

using testing::ElementsAre;

TEST(SysRoot, ReadsBelowThePrefix) {
  const test::TempTree tree;
  tree.write("/sys/kernel/kexec_crash_size", "268435456\n");
  EXPECT_EQ(*tree.root().read_value("/sys/kernel/kexec_crash_size"), "268435456");
  EXPECT_TRUE(tree.root().exists("/sys/kernel"));
  EXPECT_FALSE(tree.root().exists("/sys/absent"));
  EXPECT_THAT(*tree.root().list("/sys"), ElementsAre("kernel"));
  EXPECT_EQ(tree.root().list("/sys/absent").error().kind, ErrorKind::kNotFound);
}

TEST(SysRoot, TheHostHasNoPrefix) {
  EXPECT_TRUE(SysRoot("/").is_host());
  EXPECT_EQ(SysRoot().path("/proc/cmdline"), "/proc/cmdline");
  EXPECT_EQ(SysRoot("/t/").path("/proc"), "/t/proc");
}

TEST(SysRoot, LinksStayInsideTheRoot) {
  const test::TempTree tree;
  tree.write("/var/data/crash/file", "x");
  tree.link("/var/crash", "/var/data/crash");
  tree.link("/relative", "var/../var/crash/./file");
  tree.link("/loop", "/loop");
  EXPECT_EQ(*tree.root().resolve("/var/crash/file"), "/var/data/crash/file");
  EXPECT_EQ(*tree.root().resolve("/relative"), "/var/data/crash/file");
  EXPECT_EQ(*tree.root().resolve("/.."), "/") << "no way out of the root";
  EXPECT_EQ(tree.root().resolve("/loop").error().code, ELOOP);
  EXPECT_EQ(tree.root().resolve("/var/absent").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace kdump
