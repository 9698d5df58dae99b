// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/image_manifest.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace kdump::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Manifest : public testing::Test {
 protected:
  Manifest() {
    tree_.write("/etc/kdump.conf", "path /var/crash\n");
    tree_.write("/lib/libx.so.1.0", "x");
    tree_.link("/lib/libx.so.1", "libx.so.1.0");
    tree_.make_directory("/var/crash");
    tree_.write("/proc/self/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    tree_.link("/sys/class/block/sda1", "../../devices/pci0/0000:1/host0/block/sda/sda1");
    tree_.make_directory("/sys/devices/pci0/0000:1/host0/block/sda/sda1");
    tree_.link("/sys/devices/pci0/0000:1/driver", "../../../bus/pci/drivers/ahci");
    manifest_.kernel = "6.1";
    for (const char* path : {"/etc/kdump.conf", "/lib/libx.so.1", "/etc/fstab"}) {
      manifest_.files.push_back(*record_manifest_file(tree_.root(), path));
    }
    manifest_.facts = facts();
  }

  [[nodiscard]] ManifestFacts facts() const {
    const auto facts = read_manifest_facts(tree_.root(), config_);
    EXPECT_TRUE(facts);
    return *facts;
  }
  ManifestComparison compare() { return compare_with_host(tree_.root(), facts(), manifest_); }

  test::TempTree tree_;
  KdumpConfig config_;
  ImageManifest manifest_;
};

TEST_F(Manifest, ThereAndBack) {
  const auto again = manifest_from_json(to_json(manifest_, Stamps::kWith), "f");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, manifest_);
  const auto without = manifest_from_json(to_json(manifest_, Stamps::kWithout), "f");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->files[0].stamp, FileStamp());
  EXPECT_EQ(without->files[0].sha256, manifest_.files[0].sha256);
}

TEST_F(Manifest, ADamagedOneNamesItsFile) {
  for (const char* text : {"", "{}", "[1]", R"({"version": 1, "kernel": 5})"}) {
    const auto read = manifest_from_json(text, "/boot/x.manifest");
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr("/boot/x.manifest"));
  }
}

TEST_F(Manifest, NothingChanged) {
  const auto found = compare();
  EXPECT_TRUE(found.same());
  EXPECT_FALSE(found.stamps_renewed);
}

TEST_F(Manifest, ANewTimeIsNoChange) {
  namespace fs = std::filesystem;
  const std::string file = tree_.path("/etc/kdump.conf");
  fs::last_write_time(file, fs::last_write_time(file) + std::chrono::hours(1));
  EXPECT_TRUE(compare().stamps_renewed);
  EXPECT_FALSE(compare().stamps_renewed);
}

TEST_F(Manifest, ContentIs) {
  tree_.write("/etc/kdump.conf", "path /var/other\n");
  tree_.write("/etc/fstab", "# new\n");
  std::filesystem::remove(tree_.path("/lib/libx.so.1"));
  tree_.write("/lib/libx.so.1.1", "y");
  tree_.link("/lib/libx.so.1", "libx.so.1.1");
  EXPECT_THAT(compare().files, ElementsAre("/etc/kdump.conf", "/lib/libx.so.1", "/etc/fstab"));
  std::filesystem::remove(tree_.path("/lib/libx.so.1"));
  EXPECT_THAT(compare().files, ElementsAre("/etc/kdump.conf", "/lib/libx.so.1", "/etc/fstab"));
}

TEST_F(Manifest, AnotherControllerIsAnotherDriver) {
  std::filesystem::remove(tree_.path("/sys/devices/pci0/0000:1/driver"));
  tree_.link("/sys/devices/pci0/0000:1/driver", "../../../bus/pci/drivers/megaraid_sas");
  EXPECT_THAT(compare().facts,
              ElementsAre("drivers below /var/crash: was \"ahci\", is \"megaraid_sas\""));
}

TEST_F(Manifest, AnotherNameOfTheSameDiskIsNoChange) {
  tree_.write("/dev/sda1", "");
  tree_.link("/dev/disk/by-uuid/12-34", "../../sda1");
  manifest_.facts = facts();
  std::filesystem::remove(tree_.path("/dev/disk/by-uuid/12-34"));
  tree_.write("/dev/sdb1", "");
  tree_.link("/dev/disk/by-uuid/12-34", "../../sdb1");
  tree_.write("/proc/self/mountinfo", "20 1 8:17 / / rw - ext4 /dev/sdb1 rw\n");
  tree_.link("/sys/class/block/sdb1", "../../devices/pci0/0000:1/host0/block/sda/sda1");
  EXPECT_THAT(compare().facts, IsEmpty());
}

TEST_F(Manifest, WhatIsNotMountedYetIsNoChange) {
  const std::string root = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
  const auto mounted = [&](const std::string& row) {
    tree_.write("/proc/self/mountinfo", root + row);
    return compare().facts;
  };
  tree_.write("/proc/self/mountinfo", root + "21 20 0:50 / /var rw - nfs4 filer:/x rw\n");
  manifest_.facts = facts();
  EXPECT_THAT(mounted(""), IsEmpty()) << "early in a boot";
  EXPECT_THAT(mounted("21 20 0:40 / /var rw - autofs systemd-1 rw\n"), IsEmpty());
  EXPECT_THAT(mounted("21 20 8:17 / /var rw - ext4 /dev/sdb1 rw\n"), testing::SizeIs(1));
  EXPECT_THAT(mounted("21 20 8:17 / /var/crash rw - ext4 /dev/sdb1 rw\n"), testing::SizeIs(1))
      << "a new mount on the way";
}

TEST_F(Manifest, HooksThatMayRunCount) {
  tree_.write("/etc/kdump/post.d/1", "#!/bin/sh\n");
  EXPECT_TRUE(compare().same());
  std::filesystem::permissions(tree_.path("/etc/kdump/post.d/1"),
                               std::filesystem::perms::owner_all);
  EXPECT_THAT(compare().facts, ElementsAre("hooks in /etc/kdump/post.d: was \"\", is \"1\""));
}

TEST_F(Manifest, NameServersCountForTargetsOnTheNetwork) {
  tree_.write("/etc/resolv.conf", "# by hand\nnameserver 192.0.2.53\n");
  EXPECT_TRUE(compare().same());
  config_.target = SshTarget{"dump", "logs"};
  manifest_.facts = facts();
  tree_.write("/etc/resolv.conf", "# by somebody else\nnameserver  192.0.2.53\n");
  EXPECT_TRUE(compare().same()) << "says the same";
  tree_.write("/etc/resolv.conf", "nameserver 192.0.2.54\n");
  EXPECT_THAT(compare().facts,
              ElementsAre("name servers: was \"nameserver 192.0.2.53\", is \"nameserver "
                          "192.0.2.54\""));
  std::filesystem::remove(tree_.path("/etc/resolv.conf"));
  EXPECT_TRUE(compare().same()) << "early in a boot there are none yet";
}

TEST_F(Manifest, SystemdResolvedsStubSaysNothing) {
  config_.target = SshTarget{"dump", "logs"};
  tree_.write("/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n");
  tree_.write("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\n");
  tree_.link("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
  EXPECT_EQ(facts().at(kNameServers), "nameserver 192.0.2.53");
}

TEST_F(Manifest, AWatchdogThatIsNotThereYetIsNoChange) {
  manifest_.facts[kRunningWatchdogs] = "iTCO_wdt";
  EXPECT_TRUE(compare().same());
}

}  // namespace
}  // namespace kdump::config
