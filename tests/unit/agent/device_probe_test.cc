// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/device_probe.h"

#include "base/packed_int.h"
#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace kdump::agent {
namespace {

constexpr std::size_t kSuperblock = 1024;

/// An ext2 superblock as Documentation/filesystems/ext4/super.rst lays it out, on a disk of 1 MiB.
std::string ext2_image() {
  std::string disk(std::size_t{1} << 20U, '\0');
  const auto put = [&disk](std::size_t offset, auto value) {
    std::memcpy(&disk[kSuperblock + offset], &value, sizeof(value));
  };
  put(0x00, Le32(128));     // s_inodes_count
  put(0x04, Le32(1024));    // s_blocks_count_lo
  put(0x14, Le32(1));       // s_first_data_block
  put(0x20, Le32(8192));    // s_blocks_per_group
  put(0x28, Le32(128));     // s_inodes_per_group
  put(0x38, Le16(0xEF53));  // s_magic
  put(0x4C, Le32(1));       // s_rev_level
  put(0x58, Le16(128));     // s_inode_size
  disk.replace(
      kSuperblock + 0x68, 16, "\x3e\x6b\xe9\xde\x81\x39\x11\xd1\x91\x06\xa4\x3f\x08\xd8\x23\xa6");
  disk.replace(kSuperblock + 0x78, 5, "dumps");
  return disk;
}

class ProbeDevice : public testing::Test {
 protected:
  Result<DeviceIdentity> probe(const std::string& content) {
    tree.write("/disk", content);
    return probe_device(tree.path("/disk"));
  }
  test::TempTree tree;
};

TEST_F(ProbeDevice, ReadsAFileSystemsSignature) {
  const auto identity = probe(ext2_image());
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->fs_type, "ext2");
  EXPECT_EQ(identity->uuid, "3e6be9de-8139-11d1-9106-a43f08d823a6");
  EXPECT_EQ(identity->label, "dumps");
}

TEST_F(ProbeDevice, ADiskWithoutAnyHasAnEmptyIdentity) {
  const auto identity = probe(std::string(std::size_t{1} << 20U, '\0'));
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->fs_type, "");
  EXPECT_EQ(identity->uuid, "");
}

TEST_F(ProbeDevice, SwapIsNoFileSystem) {
  std::string disk(std::size_t{1} << 20U, '\0');
  disk.replace(4086, 10, "SWAPSPACE2");
  disk[1024] = 1;  // version
  disk.replace(1028, 1, "\xff");
  disk.replace(1036, 16, "\x3e\x6b\xe9\xde\x81\x39\x11\xd1\x91\x06\xa4\x3f\x08\xd8\x23\xa6");
  const auto identity = probe(disk);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->fs_type, "");
  EXPECT_EQ(identity->uuid, "");
}

TEST_F(ProbeDevice, ADeviceThatCannotBeOpenedIsAnError) {
  EXPECT_FALSE(probe_device(tree.path("/absent")));
}

}  // namespace
}  // namespace kdump::agent
