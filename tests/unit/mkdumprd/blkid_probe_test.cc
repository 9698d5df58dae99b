// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/blkid_probe.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

TEST(BlkidProbe, FindsTypeUuidAndLabel) {
  const kdump::test::TempTree tree;
  tree.write("/disk", test::ext4_bytes());
  const auto found = probe_file_system(tree.path("/disk"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->type, "ext4");
  EXPECT_EQ(found->uuid, test::kUuid);
  EXPECT_EQ(found->label, test::kLabel);
  EXPECT_EQ(found->part_uuid, "");
  EXPECT_EQ(found->external_journal, "");
}

TEST(BlkidProbe, EmptyDeviceHasEmptyFields) {
  const kdump::test::TempTree tree;
  tree.write("/disk", std::string(std::size_t{1} << 20U, '\0'));
  const auto found = probe_file_system(tree.path("/disk"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->type, "");
  EXPECT_EQ(found->uuid, "");
}

TEST(BlkidProbe, TwoFileSystemsAtOnceAreRefused) {
  const kdump::test::TempTree tree;
  std::string bytes = test::ext4_bytes();
  bytes.resize(std::size_t{2} << 20U);  // of a floppy's size libblkid takes the first it finds
  // struct squashfs_super_block: s_magic and s_major
  bytes.replace(0, 4, "hsqs");
  bytes[28] = 4;
  tree.write("/disk", bytes);
  const auto found = probe_file_system(tree.path("/disk"));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kBadData);
  EXPECT_NE(found.error().message.find("wipefs"), std::string::npos);
}

TEST(BlkidProbe, AbsentDeviceIsNotFound) {
  const auto found = probe_file_system("/nonexistent/disk");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace kdump::mkdumprd
