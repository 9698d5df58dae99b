// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/module_wishes.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TargetFacts target(const std::string& fs_type, bool mounted) {
  TargetFacts facts;
  facts.probed.type = fs_type;
  if (mounted) {
    facts.mount.emplace();
    facts.mount->fs_type = fs_type;
  }
  return facts;
}

KernelFacts running() {
  KernelFacts kernel;
  kernel.release = "6.9";
  kernel.is_running = true;
  return kernel;
}

bool wants(const std::vector<ModuleWish>& wishes, const std::string& name) {
  return std::any_of(wishes.begin(), wishes.end(), [&](const ModuleWish& wish) {
    return std::find(wish.names.begin(), wish.names.end(), name) != wish.names.end();
  });
}

TEST(ModuleWishes, UnderUefiTheFailureRecordHasAPlace) {
  const test::TempTree tree;
  EXPECT_FALSE(wish_failure_record(tree.root()));
  tree.make_directory("/sys/firmware/efi/efivars");
  const auto wish = wish_failure_record(tree.root());
  ASSERT_TRUE(wish);
  EXPECT_THAT(wish->names, ElementsAre("efivarfs"));
  EXPECT_FALSE(wish->required);
}

TEST(ModuleWishes, DriversThenFileSystem) {
  TargetFacts facts = target("xfs", true);
  facts.device.stack = {
      {"/sys/devices/pci", "pci:abc", "virtio-pci", "virtio_pci", true},
      {"/sys/devices/pci/virtio0", "virtio:d2", "virtio_blk", "virtio_blk", false},
      {"/sys/devices/pci/bridge", "acpi:x", "", "", false},
  };
  const auto wishes = wish_modules(running(), facts);
  ASSERT_EQ(wishes.size(), 4U);
  EXPECT_THAT(wishes[0].names, ElementsAre("virtio_pci"));
  EXPECT_THAT(wishes[0].aliases, ElementsAre("pci:abc"));
  EXPECT_TRUE(wishes[0].required);
  EXPECT_EQ(wishes[0].reason, "driver of /sys/devices/pci");
  EXPECT_THAT(wishes[1].names, ElementsAre("virtio_blk"));
  EXPECT_FALSE(wishes[1].required) << "built into the running kernel";
  EXPECT_THAT(wishes[2].names, IsEmpty());
  EXPECT_FALSE(wishes[2].required);
  EXPECT_THAT(wishes[3].names, ElementsAre("xfs"));
  EXPECT_THAT(wishes[3].aliases, ElementsAre("fs-xfs"));
  EXPECT_TRUE(wishes[3].required);
}

TEST(ModuleWishes, ThoseOfTheAdministratorAreRequired) {
  const auto wishes = wish_extra_modules({"extra_one"});
  ASSERT_EQ(wishes.size(), 1U);
  EXPECT_THAT(wishes[0].names, ElementsAre("extra_one"));
  EXPECT_TRUE(wishes[0].required);
}

TEST(ModuleWishes, RegisteredFileSystemMayBeBuiltIn) {
  KernelFacts kernel = running();
  kernel.registered_file_systems = {"proc", "xfs"};
  const auto wishes = wish_modules(kernel, target("xfs", true));
  ASSERT_EQ(wishes.size(), 1U);
  EXPECT_FALSE(wishes[0].required);
}

TEST(ModuleWishes, HelpersOnlyWhenTheMountedFileSystemUsesThem) {
  KernelFacts kernel = running();
  EXPECT_FALSE(wants(wish_modules(kernel, target("ext4", true)), "quota_v2"));
  kernel.loaded_modules = {"quota_v2"};
  EXPECT_TRUE(wants(wish_modules(kernel, target("ext4", true)), "quota_v2"));
  EXPECT_FALSE(wants(wish_modules(kernel, target("xfs", true)), "quota_v2"));
}

TEST(ModuleWishes, HelpersAlwaysWhenNobodyCanTell) {
  KernelFacts foreign;
  foreign.release = "5.5";
  EXPECT_TRUE(wants(wish_modules(foreign, target("vfat", true)), "nls_iso8859_1"));
  EXPECT_TRUE(wants(wish_modules(running(), target("vfat", false)), "nls_cp437"));
}

}  // namespace
}  // namespace kdump::mkdumprd
