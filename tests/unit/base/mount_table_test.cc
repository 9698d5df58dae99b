// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mount_table.h"

#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

namespace kdump {
namespace {

constexpr std::string_view kTable =
    "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
    "23 22 0:21 / /proc rw,nosuid - proc proc rw\n"
    "24 22 254:17 / /var/crash rw shared:2 master:3 - xfs /dev/vdb1 rw,attr2\n"
    "25 22 0:30 /@home /home\\040dir ro,relatime - btrfs /dev/vdc rw,subvol=/@home\n"
    "26 22 254:33 / /var/crash rw - ext4 /dev/vdd ro\n";

TEST(MountTable, FindsTheMountOfAPath) {
  const auto table = MountTable::parse(kTable);
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->containing("/etc/fstab")->source, "/dev/vda1");
  EXPECT_EQ(table->containing("/var/crash")->source, "/dev/vdd")
      << "the later mount hides the earlier";
  EXPECT_EQ(table->containing("/var/crashes")->source, "/dev/vda1") << "whole components only";
  EXPECT_EQ(table->containing("/home dir/a")->root, "/@home");
  EXPECT_EQ(table->of_source("/dev/vdb1")->fs_type, "xfs");
  EXPECT_EQ(table->of_device("254:17")->mount_point, "/var/crash");
  EXPECT_EQ(table->of_source("/dev/none"), nullptr);
}

TEST(MountTable, AnAutomountPointThatMountsNothingStaysOne) {
  const test::TempTree tree;
  tree.make_directory("/dumps/here");
  tree.write("/proc/self/mountinfo",
             "20 1 254:0 / / rw - ext4 /dev/vda rw\n"
             "21 20 0:40 / /dumps rw - autofs systemd-1 rw,fd=48\n");
  const auto table = MountTable::read_with(tree.root(), "/dumps/here");
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->containing("/dumps/here")->fs_type, "autofs");
  EXPECT_EQ(MountTable::read_with(tree.root(), "/gone")->mounts().size(), 2U);
}

TEST(MountTable, ReadOnlyByMountOrBySuperBlock) {
  const auto table = MountTable::parse(kTable);
  EXPECT_FALSE(table->of_source("/dev/vda1")->read_only()) << "errors=remount-ro is not ro";
  EXPECT_TRUE(table->of_source("/dev/vdc")->read_only());
  EXPECT_TRUE(table->of_source("/dev/vdd")->read_only());
}

TEST(MountTable, BadRowsAreNamed) {
  for (const std::string_view bad : {"22 1 254:1 / /\n", "junk\n", "22 1 254:1 / / rw - ext4\n"}) {
    const auto table = MountTable::parse(bad);
    ASSERT_FALSE(table.has_value()) << bad;
    EXPECT_NE(table.error().message.find("line 1"), std::string::npos);
  }
}

}  // namespace
}  // namespace kdump
