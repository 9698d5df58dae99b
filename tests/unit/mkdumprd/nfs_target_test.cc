// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/nfs_target.h"

#include "tests/unit/mkdumprd/recorded_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using test::ip;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kMount4 =
    "40 1 0:52 / /mnt/dumps rw,relatime - nfs4 filer:/dumps "
    "rw,vers=4.1,hard,proto=tcp,sec=sys,clientaddr=192.0.2.7,addr=198.51.100.9\n";

class NfsTargetTest : public testing::Test {
 protected:
  NfsTargetTest() {
    host_.add_card(2, "eth0");
    host_.add_address(2, "192.0.2.7", 24);
    host_.add_route("198.51.100.8", 2, "192.0.2.7", "192.0.2.1");
    host_.add_route("198.51.100.9", 2, "192.0.2.7", "192.0.2.1");
    host_.names["filer"] = {ip("198.51.100.8"), ip("198.51.100.9")};
    tree_.make_directory("/mnt/dumps/var/crash");
  }
  Result<NfsPlan> plan() {
    const MountTable mounts = TRY(MountTable::parse(mountinfo_));
    return plan_nfs(tree_.root(), mounts, host_, target_, "/var/crash");
  }
  static std::vector<std::string> modules_of(const NfsPlan& plan) {
    std::vector<std::string> out;
    for (const ModuleWish& wish : plan.modules) out.push_back(wish.names.front());
    return out;
  }

  kdump::test::TempTree tree_;
  test::RecordedNetwork host_{tree_};
  std::string mountinfo_;
  config::NfsTarget target_{"filer", "/dumps", ""};
};

TEST_F(NfsTargetTest, AnExportThatIsNotMounted) {
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->nfs.server, "filer");
  EXPECT_EQ(planned->nfs.export_path, "/dumps");
  EXPECT_EQ(planned->nfs.directory, "/var/crash");
  EXPECT_THAT(planned->nfs.addresses, ElementsAre("198.51.100.8", "198.51.100.9"));
  EXPECT_THAT(planned->nfs.versions, ElementsAre("4.2", "4.1", "4.0", "3"));
  EXPECT_EQ(planned->nfs.options, "soft,timeo=300,retrans=3");
  EXPECT_THAT(modules_of(*planned), ElementsAre("nfs", "nfsv3", "nfsv4"));
  EXPECT_THAT(planned->warnings, ElementsAre(HasSubstr("is not mounted")));
}

TEST_F(NfsTargetTest, AMountOfTheHostShowsHow) {
  mountinfo_ = kMount4;
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_THAT(planned->nfs.addresses, ElementsAre("198.51.100.9", "198.51.100.8"));
  EXPECT_THAT(planned->nfs.versions, ElementsAre("4.1"));
  EXPECT_EQ(planned->nfs.options, "soft,timeo=300,retrans=3,sec=sys");
  EXPECT_THAT(modules_of(*planned), ElementsAre("nfs", "nfsv4"));
  EXPECT_THAT(planned->warnings, IsEmpty());
}

TEST_F(NfsTargetTest, TheAddressOfAMountNeedsNoNameService) {
  mountinfo_ = kMount4;
  host_.names.clear();
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_THAT(planned->nfs.addresses, ElementsAre("198.51.100.9"));
}

TEST_F(NfsTargetTest, FstabIsTheAdministratorsWord) {
  mountinfo_ = kMount4;
  tree_.write("/etc/fstab", "filer:/dumps /mnt/dumps nfs port=3049,timeo=20,_netdev 0 0\n");
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->nfs.options, "port=3049,timeo=20");
  EXPECT_THAT(planned->nfs.versions, ElementsAre("4.1"));
}

TEST_F(NfsTargetTest, OptionsOfTheTargetComeBeforeAll) {
  mountinfo_ = kMount4;
  target_.options = "vers=3,mountport=20048,hard";
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->nfs.options, "mountport=20048,hard");
  EXPECT_THAT(modules_of(*planned), ElementsAre("nfs", "nfsv3"));
}

TEST_F(NfsTargetTest, WhatTheAdministratorCanRepairIsRefused) {
  mountinfo_ = "40 1 0:52 / /mnt/dumps ro - nfs4 filer:/dumps ro,vers=4.1\n";
  auto planned = plan();
  ASSERT_FALSE(planned);
  EXPECT_THAT(planned.error().message, HasSubstr("mounted read-only on /mnt/dumps"));
  mountinfo_ = "40 1 0:52 / /mnt/other rw - nfs4 filer:/dumps rw,vers=4.1\n";
  planned = plan();
  ASSERT_FALSE(planned);
  EXPECT_THAT(planned.error().message, HasSubstr("mkdir -p /mnt/other/var/crash"));
  mountinfo_.clear();
  target_.server = "nobody";
  EXPECT_FALSE(plan());
}

TEST_F(NfsTargetTest, AnotherFileSystemOfThatNameIsNoMountOfIt) {
  mountinfo_ = "40 1 0:52 / /mnt/dumps ro - tmpfs filer:/dumps ro\n";
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_THAT(planned->warnings, Not(IsEmpty()));
}

TEST(NfsPathOf, NamesTheExportAndTheRest) {
  MountPoint mount;
  mount.fs_type = "nfs4";
  mount.source = "[2001:db8::9]:/dumps/db1";
  mount.mount_point = "/var";
  const auto found = nfs_path_of(mount, "/var/crash");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->target.server, "2001:db8::9");
  EXPECT_EQ(found->target.export_path, "/dumps/db1");
  EXPECT_EQ(found->path, "/crash");
  mount.mount_point = "/var/crash";
  EXPECT_EQ(nfs_path_of(mount, "/var/crash")->path, "/");
  mount.mount_point = "/";
  EXPECT_EQ(nfs_path_of(mount, "/var/crash")->path, "/var/crash");
  mount.fs_type = "ext4";
  EXPECT_FALSE(nfs_path_of(mount, "/var/crash"));
}

}  // namespace
}  // namespace kdump::mkdumprd
