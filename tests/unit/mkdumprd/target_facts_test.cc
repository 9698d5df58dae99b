// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/target_facts.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace kdump::mkdumprd {
namespace {

using config::FileSystemTarget;
using config::KdumpConfig;
using test::TestHost;
using testing::AllOf;
using testing::HasSubstr;

Result<TargetFacts> read(const TestHost& host, const KdumpConfig& config) {
  const auto mounts = MountTable::read(host.root());
  if (!mounts) return mounts.error();
  return read_target(host.root(), *mounts, config);
}

KdumpConfig with_device(const std::string& fs_type, const std::string& device) {
  KdumpConfig config;
  config.target =
      FileSystemTarget{.fs_type = fs_type, .device = device, .mount_point = {}, .options = {}};
  return config;
}

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

TEST(TargetFacts, PathOnAMountedFileSystem) {
  const TestHost host;
  const auto facts = read(host, {});
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->device.number, "254:16");
  EXPECT_EQ(facts->probed.uuid, test::kUuid);
  EXPECT_EQ(facts->host_path, "/var/crash");
  EXPECT_TRUE(facts->host_path_is_directory);
  ASSERT_TRUE(facts->mount);
  EXPECT_EQ(facts->mount->mount_point, "/var/crash");
  EXPECT_FALSE(facts->fstab_options);
}

TEST(TargetFacts, PathBehindLinks) {
  const TestHost host;
  host.tree().link("/dumps", "/var/crash/here");
  host.tree().make_directory("/var/crash/here");
  KdumpConfig config;
  config.path = "/dumps";
  const auto facts = read(host, config);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->host_path, "/var/crash/here");
  EXPECT_EQ(facts->mount->mount_point, "/var/crash");
}

TEST(TargetFacts, AnAutomountPointThatMountsNothingIsNamed) {
  const TestHost host;
  host.mount_table(
      "20 1 254:0 / / rw - ext4 /dev/vda rw\n"
      "21 20 0:40 / /var/crash rw - autofs systemd-1 rw,fd=48\n");
  const auto facts = read(host, {});
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message,
              AllOf(HasSubstr("the automount point /var/crash"), HasSubstr("mount /var/crash")));
}

TEST(TargetFacts, AMountPointOfFstabThatIsNotMountedIsSeen) {
  const TestHost host;
  const auto missing = [&](const std::string& fstab) {
    host.tree().write("/etc/fstab", fstab);
    const auto facts = read(host, {});
    return facts ? facts->missing_mount_point : facts.error().message;
  };
  EXPECT_EQ(missing("/dev/vdb /var/crash ext4 defaults 0 0\n"), "") << "it is mounted";
  host.tree().make_directory("/var/crash/deep");
  host.tree().link("/dumps", "/var/crash/deep");
  KdumpConfig config;
  config.path = "/dumps";
  host.tree().write("/etc/fstab",
                    "/dev/vda / ext4 defaults 0 1\n/dev/vdb /var/crash ext4 nofail 0 0\n"
                    "LABEL=x /var/crash/deep xfs nofail 0 0\n");
  EXPECT_EQ(read(host, config)->missing_mount_point, "/var/crash/deep");
  host.tree().write("/etc/fstab", "LABEL=x /var/crash/deep xfs noauto,nofail 0 0\n");
  EXPECT_EQ(read(host, config)->missing_mount_point, "");
  EXPECT_EQ(missing("LABEL=x /var/crashes xfs nofail 0 0\n"), "");
}

TEST(TargetFacts, AbsentPathNamesTheRemedy) {
  const TestHost host;
  KdumpConfig config;
  config.path = "/var/nothing";
  const auto facts = read(host, config);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(facts.error().message,
              AllOf(HasSubstr("Dump path /var/nothing does not exist."), HasSubstr("mkdir -p")));
}

TEST(TargetFacts, BtrfsShowsAnAnonymousNumber) {
  const TestHost host;
  host.mount_table(
      "21 1 0:40 /@crash /var/crash rw - btrfs /dev/vdb rw,subvolid=256,subvol=/@crash\n");
  const auto facts = read(host, {});
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->device.number, "254:16");
}

TEST(TargetFacts, BtrfsOverSeveralDevicesIsAnObstacle) {
  const TestHost host;
  // struct btrfs_super_block at 64 KiB: csum (of all after it), fsid, magic
  constexpr std::size_t kSuper = 0x10000;
  std::string bytes(std::size_t{1} << 20U, '\0');
  bytes.replace(kSuper + 0x20, 16, std::string(16, '\x11'));
  bytes.replace(kSuper + 0x40, 8, "_BHRfS_M");
  const std::uint32_t sum = crc32c(std::string_view(bytes).substr(kSuper + 0x20, 4096 - 0x20));
  for (std::size_t i = 0; i < 4; ++i) bytes[kSuper + i] = static_cast<char>(sum >> (8 * i));
  host.tree().write("/dev/vdb", bytes);
  const std::string members = "/sys/fs/btrfs/11111111-1111-1111-1111-111111111111/devices/";
  host.tree().write(members + "vdb/x", "");
  auto facts = read(host, {});
  ASSERT_TRUE(facts) << facts.error().message;
  ASSERT_EQ(facts->probed.type, "btrfs");
  EXPECT_EQ(facts->device.obstacle, "");
  host.tree().write(members + "vdc/x", "");
  facts = read(host, {});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->device.obstacle, "a btrfs file system over 2 devices");
}

TEST(TargetFacts, PathOnWhatIsNoBlockDevice) {
  const TestHost host;
  for (const char* row : {"20 1 0:30 / / rw - overlay overlay rw,lowerdir=/x\n",
                          "20 1 0:31 / / rw - nfs4 server:/export rw\n",
                          "20 1 0:32 / / rw - tmpfs tmpfs rw\n"}) {
    host.mount_table(row);
    const auto facts = read(host, {});
    ASSERT_FALSE(facts) << row;
    EXPECT_EQ(facts.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(facts.error().message, HasSubstr("not a local file system"));
  }
}

TEST(TargetFacts, DeviceByEachOfItsNames) {
  const TestHost host;
  for (const std::string& name : {std::string("UUID=") + test::kUuid,
                                  std::string("UUID=01234567-89AB-CDEF-0123-456789ABCDEF"),
                                  std::string("LABEL=") + test::kLabel,
                                  std::string("/dev/vdb")}) {
    const auto facts = read(host, with_device("ext4", name));
    ASSERT_TRUE(facts) << name << ": " << facts.error().message;
    EXPECT_EQ(facts->device.number, "254:16") << name;
    EXPECT_EQ(facts->host_path, "/var/crash/var/crash");
    EXPECT_FALSE(facts->host_path_is_directory);
  }
}

TEST(TargetFacts, LinkOfUdevIsBelievedOnlyWhenItIsRight) {
  TestHost host;
  host.add_disk("/sys/devices/pci0000:00/0000:00:09.0", "sda", "8:0");
  host.tree().write("/dev/sda", std::string(std::size_t{1} << 20U, '\0'));
  host.tree().link(std::string("/dev/disk/by-uuid/") + test::kUuid, "../../sda");
  const auto facts = read(host, with_device("ext4", std::string("UUID=") + test::kUuid));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->device.name, "vdb");
}

TEST(TargetFacts, PartOfAnotherDeviceIsPassedOver) {
  TestHost host;
  // sda and vdb show the same file system; sda is held by something that joins devices.
  host.add_disk("/sys/devices/pci0000:00/0000:00:09.0", "sda", "8:0");
  host.tree().write("/dev/sda", test::ext4_bytes());
  host.tree().make_directory("/sys/devices/pci0000:00/0000:00:09.0/block/sda/holders/dm-0");
  const auto facts = read(host, with_device("ext4", std::string("UUID=") + test::kUuid));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->device.name, "vdb");
}

TEST(TargetFacts, AbsentDevicesAreNamed) {
  const TestHost host;
  const auto by_uuid = read(host, with_device("ext4", "UUID=ffff"));
  ASSERT_FALSE(by_uuid);
  EXPECT_EQ(by_uuid.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(by_uuid.error().message, HasSubstr("Dump target \"UUID=ffff\" does not exist"));
  const auto by_path = read(host, with_device("ext4", "/dev/vdz"));
  ASSERT_FALSE(by_path);
  EXPECT_THAT(by_path.error().message, HasSubstr("Dump target \"/dev/vdz\" does not exist"));
  host.tree().write("/dev/null", "");
  const auto no_block = read(host, with_device("ext4", "/dev/null"));
  ASSERT_FALSE(no_block);
  EXPECT_THAT(no_block.error().message, HasSubstr("not a block device"));
}

TEST(TargetFacts, UnmountedTargetHasItsFstabOptions) {
  const TestHost host;
  host.mount_table("20 1 254:0 / / rw - ext4 /dev/vda rw\n");
  host.tree().write("/etc/fstab", "LABEL=dumps /dumps ext4 noauto,noatime 0 0\n");
  const auto facts = read(host, with_device("ext4", "/dev/vdb"));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_FALSE(facts->mount);
  EXPECT_EQ(facts->host_path, "");
  EXPECT_EQ(facts->fstab_options, "noauto,noatime");
}

TEST(TargetFacts, OfSeveralMountsTheWritableOneOfTheWhole) {
  const TestHost host;
  host.mount_table(
      "21 1 254:16 / /ro ro - ext4 /dev/vdb rw\n"
      "22 1 254:16 /sub /sub rw - ext4 /dev/vdb rw\n"
      "23 1 254:16 / /all rw - ext4 /dev/vdb rw\n");
  const auto facts = read(host, with_device("ext4", "/dev/vdb"));
  ASSERT_TRUE(facts);
  ASSERT_TRUE(facts->mount);
  EXPECT_EQ(facts->mount->mount_point, "/all");
}

TEST(TargetFacts, PathInATargetIsFollowedButNotOutOfIt) {
  const TestHost host;
  host.tree().make_directory("/var/crash/real");
  host.tree().link("/var/crash/inside", "real");
  host.tree().link("/var/crash/outside", "/usr");
  KdumpConfig config = with_device("ext4", "/dev/vdb");
  config.path = "/inside";
  const auto inside = read(host, config);
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_EQ(inside->host_path, "/var/crash/real");
  config.path = "/outside";
  const auto outside = read(host, config);
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(outside.error().message, HasSubstr("leads out of dump target \"/dev/vdb\", to /usr"));
}

TEST(TargetFacts, TargetsOfLaterVersionsAreRefusedByName) {
  const TestHost host;
  const std::pair<config::DumpTarget, const char*> cases[] = {
      {config::SshTarget{"root", "there"}, "\"ssh root@there\""},
  };
  for (const auto& [target, text] : cases) {
    KdumpConfig config;
    config.target = target;
    const auto facts = read(host, config);
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(facts.error().message, HasSubstr(text));
  }
}

}  // namespace
}  // namespace kdump::mkdumprd
