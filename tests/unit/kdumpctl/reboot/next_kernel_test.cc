// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/next_kernel.h"

#include "tests/unit/kdumpctl/reboot/fake_reboot.h"

#include <gmock/gmock.h>

namespace kdump::ctl::reboot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kKernel = "/boot/vmlinuz-6.1.0-9-amd64";
constexpr const char* kInitrd = "/boot/initrd.img-6.1.0-9-amd64";

NextKernel chosen(const FakeReboot& host, const NextKernelWishes& wishes) {
  auto next = choose_next_kernel(host.tree.root(), wishes);
  EXPECT_TRUE(next) << next.error().message;
  return next ? *next : NextKernel();
}

std::string refusal(const FakeReboot& host, const NextKernelWishes& wishes) {
  const auto next = choose_next_kernel(host.tree.root(), wishes);
  EXPECT_FALSE(next);
  return next ? "" : next.error().message;
}

TEST(NextKernel, IsWhatTheBootLoaderWouldBoot) {
  const FakeReboot host;
  const NextKernel next = chosen(host, {});
  EXPECT_EQ(next.kernel, kKernel);
  EXPECT_THAT(next.initrds, ElementsAre(kInitrd));
  EXPECT_EQ(next.command_line, "root=/dev/vda1 ro a=menu");
  EXPECT_THAT(next.origin, HasSubstr("GRUB's entry debian (default=0 in "));
  EXPECT_FALSE(next.one_shot);
}

TEST(NextKernel, AChoiceForOneBootCountsOnlyWhenNothingWasAskedFor) {
  const FakeReboot host;
  host.set_grubenv("next_entry=once\n");
  EXPECT_EQ(chosen(host, {}).command_line, "root=/dev/vda1 ro a=once");
  EXPECT_TRUE(chosen(host, {}).one_shot);
  NextKernelWishes wishes;
  wishes.entry = "Debian";
  EXPECT_EQ(chosen(host, wishes).command_line, "root=/dev/vda1 ro a=menu");
  EXPECT_FALSE(chosen(host, wishes).one_shot);
}

TEST(NextKernel, CommandLines) {
  const FakeReboot host;
  NextKernelWishes wishes;
  wishes.keep_quiet = true;
  EXPECT_EQ(chosen(host, wishes).command_line, "root=/dev/vda1 ro a=menu quiet");
  wishes = {};
  wishes.command_line = "root=/dev/vda1 single quiet";
  EXPECT_EQ(chosen(host, wishes).command_line, "root=/dev/vda1 single quiet");
  wishes.reuse_cmdline = true;
  wishes.command_line = "x=1";
  EXPECT_EQ(chosen(host, wishes).command_line, "root=/dev/vda1 ro x=1");
}

TEST(NextKernel, ByPathOrVersion) {
  const FakeReboot host;
  host.tree.write("/boot/vmlinuz-own", "k");
  host.tree.write("/boot/initramfs-own.img", "i");
  NextKernelWishes wishes;
  wishes.kernel = "/boot/vmlinuz-own";
  EXPECT_THAT(chosen(host, wishes).initrds, ElementsAre("/boot/initramfs-own.img"));
  EXPECT_EQ(chosen(host, wishes).command_line, "root=/dev/vda1 ro");
  wishes.kernel = "6.1.0-9-amd64";
  EXPECT_EQ(chosen(host, wishes).command_line, "root=/dev/vda1 ro a=menu");
  wishes.initrds = {kInitrd, "/boot/initramfs-own.img"};
  EXPECT_THAT(chosen(host, wishes).initrds, ElementsAre(kInitrd, "/boot/initramfs-own.img"));
  wishes.initrds = {"none"};
  EXPECT_THAT(chosen(host, wishes).initrds, IsEmpty());
}

TEST(NextKernel, RefusalsNameTheRemedy) {
  const FakeReboot host;
  NextKernelWishes wishes;
  wishes.kernel = "9.9";
  EXPECT_THAT(refusal(host, wishes), HasSubstr("GRUB has no entry \"9.9\"; it has debian, once"));
  wishes.entry = "debian";
  EXPECT_THAT(refusal(host, wishes), HasSubstr("exclude each other"));
  wishes = {};
  wishes.kernel = "/boot/none";
  EXPECT_THAT(refusal(host, wishes), HasSubstr("there is no initrd for /boot/none"));
  wishes.initrds = {"none"};
  EXPECT_THAT(refusal(host, wishes), HasSubstr("/boot/none does not exist or is no file; correct"));
  wishes = {};
  wishes.command_line = "root=UUID=none";
  EXPECT_THAT(refusal(host, wishes),
              HasSubstr("root=UUID=none of the command line does not exist"));
  host.tree.write("/boot/grub/grub.cfg", "menuentry A {\nlinux /gone\n}\n");
  EXPECT_THAT(refusal(host, {}), HasSubstr("/boot/gone does not exist; name another"));
}

TEST(DefaultKexecChoice, DebiansRulesHoldExactly) {
  const FakeReboot host;
  DefaultKexec settings{true, false, "/vmlinuz", "/initrd.img", ""};
  auto next = choose_default_kexec(host.tree.root(), settings);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->kernel, kKernel);
  EXPECT_THAT(next->initrds, ElementsAre(kInitrd));
  EXPECT_EQ(next->command_line, "BOOT_IMAGE=/v root=/dev/vda1 ro quiet");  // verbatim
  settings.append = "root=/dev/vda1 single quiet";
  settings.initrd = "";
  next = choose_default_kexec(host.tree.root(), settings);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->command_line, settings.append);
  EXPECT_THAT(next->initrds, IsEmpty());
  settings.use_grub_config = true;
  next = choose_default_kexec(host.tree.root(), settings);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->command_line, "root=/dev/vda1 ro a=menu quiet");
  EXPECT_THAT(next->initrds, ElementsAre(kInitrd));
}

TEST(DefaultKexecChoice, RefusalsNameTheFile) {
  const FakeReboot host;
  const auto unset = choose_default_kexec(host.tree.root(), DefaultKexec{true, false, "", "", ""});
  ASSERT_FALSE(unset);
  EXPECT_THAT(unset.error().message,
              HasSubstr("/etc/default/kexec: LOAD_KEXEC is true and KERNEL"));
  const auto gone =
      choose_default_kexec(host.tree.root(), DefaultKexec{true, false, "/gone", "", ""});
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message,
              HasSubstr("/gone does not exist or is no file; correct KERNEL"));
}

}  // namespace
}  // namespace kdump::ctl::reboot
