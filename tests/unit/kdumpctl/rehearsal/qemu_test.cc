// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/qemu.h"

#include "tests/support/temp_tree.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace kdump::ctl::rehearsal {
namespace {

using testing::HasSubstr;

TEST(QemuCommand, IsOneMachineWithADiskAndASerialLine) {
  const auto argv = qemu_command({.program = "/usr/bin/qemu-system-x86_64", .hardware = true},
                                 {.reserved = 256U << 20U, .total = (1280U << 20U) - 1},
                                 {.kernel = "/boot/vmlinuz", .initramfs = "/w/i", .disk = "/w/d"});
  EXPECT_EQ(fmt::format("{}", fmt::join(argv, " ")),
            "/usr/bin/qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot "
            "-machine q35 -accel kvm -cpu host -smp 2 -m 1280M -serial stdio "
            "-drive file=/w/d,if=virtio,format=raw,cache=unsafe -kernel /boot/vmlinuz "
            "-initrd /w/i -append console=ttyS0 crashkernel=262144K panic=-1");
}

TEST(QemuCommand, EmulatesWhereThereIsNoKvm) {
  const auto argv = qemu_command({.program = "qemu"}, {}, {});
  EXPECT_THAT(argv, testing::Contains("tcg,thread=multi"));
  EXPECT_THAT(argv, testing::Contains("max,-cx16"));
}

TEST(FindQemu, TakesTheFirstProgramOfThePath) {
  kdump::test::TempTree tree;
  tree.write("/a/qemu-system-x86_64", "no program");
  tree.write("/b/qemu-kvm", "#!/bin/true");
  std::filesystem::permissions(tree.path("/a/qemu-system-x86_64"), std::filesystem::perms(0644));
  std::filesystem::permissions(tree.path("/b/qemu-kvm"), std::filesystem::perms(0755));
  const auto found = find_qemu(fmt::format(":{}:{}", tree.path("/a"), tree.path("/b")), true);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(found->hardware);
  EXPECT_EQ(found->program, tree.path("/b/qemu-kvm"));
}

}  // namespace
}  // namespace kdump::ctl::rehearsal
