// SPDX-License-Identifier: GPL-2.0-or-later
// Whole hosts: what would boot next, and from where.
#include "kdumpctl/boot/boot_menu.h"

#include "tests/support/temp_tree.h"
#include "tests/support/unified_image_builder.h"

#include <gmock/gmock.h>

namespace kdump::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A host whose /boot is a file system of its own.
class Host {
 public:
  Host() {
    tree.write(
        "/proc/self/mountinfo",
        "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n21 20 254:2 / /boot rw - ext4 /dev/vda2 rw\n");
    tree.write("/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
    tree.write("/proc/cmdline", "BOOT_IMAGE=/vmlinuz-6.1.0-9-amd64 root=/dev/vda1 ro quiet\n");
    for (const char* version : {"6.1.0-9-amd64", "6.1.0-10-amd64"}) {
      tree.write("/boot/vmlinuz-" + std::string(version), "kernel");
      tree.write("/boot/initrd.img-" + std::string(version), "initrd");
    }
  }

  void environment(const std::string& path, const std::string& lines) const {
    std::string block = "# GRUB Environment Block\n" + lines;
    block.resize(1024, '#');
    tree.write(path, block);
  }

  void efi_variable(const std::string& name, const std::string& text) const {
    std::string bytes(4, '\6');
    for (const char c : text + '\0') bytes += std::string{c, '\0'};
    tree.write("/sys/firmware/efi/efivars/" + name + "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
               bytes);
  }

  [[nodiscard]] BootMenu menu() const {
    auto found = read_boot_menu(tree.root());
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : BootMenu();
  }

  [[nodiscard]] BootEntry chosen() const {
    const BootMenu found = menu();
    return found.entries.empty() ? BootEntry() : found.entries[found.default_entry];
  }

  test::TempTree tree;
};

/// As grub-mkconfig writes it on Debian 12, without what only draws.
std::string debian_grub_cfg(const std::string& set_default) {
  const auto entry = [](const std::string& title,
                        const std::string& version,
                        const std::string& id,
                        const std::string& more) {
    return "menuentry '" + title +
           "' --class debian --class gnu-linux --class gnu --class os "
           "$menuentry_id_option '" +
           id +
           "' {\n\tload_video\n\tinsmod gzio\n"
           "\tif [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi\n"
           "\tinsmod part_gpt\n\tinsmod ext2\n\tset root='hd0,gpt2'\n"
           "\tif [ x$feature_platform_search_hint = xy ]; then\n"
           "\t  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt2  aaaa-bbbb\n"
           "\telse\n\t  search --no-floppy --fs-uuid --set=root aaaa-bbbb\n\tfi\n"
           "\techo\t'Loading Linux " +
           version +
           " ...'\n"
           "\tlinux\t/vmlinuz-" +
           version + " root=UUID=cccc ro " + more +
           " quiet\n"
           "\techo\t'Loading initial ramdisk ...'\n\tinitrd\t/initrd.img-" +
           version + "\n}\n";
  };
  return "if [ -s $prefix/grubenv ]; then\n  set have_grubenv=true\n  load_env\nfi\n"
         "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\n   set next_entry=\n"
         "   save_env next_entry\n   set boot_once=true\nelse\n   set default=\"" +
         set_default +
         "\"\nfi\nif [ x\"${feature_menuentry_id}\" = xy ]; then\n  menuentry_id_option=\"--id\"\n"
         "else\n  menuentry_id_option=\"\"\nfi\nexport menuentry_id_option\n"
         "function load_video {\n  if [ x$feature_all_video_module = xy ]; then\n"
         "    insmod all_video\n  fi\n}\n" +
         entry("Debian GNU/Linux", "6.1.0-10-amd64", "gnulinux-simple-cccc", "") +
         "submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option "
         "'gnulinux-advanced-cccc' {\n" +
         entry("Debian GNU/Linux, with Linux 6.1.0-10-amd64",
               "6.1.0-10-amd64",
               "gnulinux-6.1.0-10-amd64-advanced-cccc",
               "") +
         entry("Debian GNU/Linux, with Linux 6.1.0-9-amd64",
               "6.1.0-9-amd64",
               "gnulinux-6.1.0-9-amd64-advanced-cccc",
               "a=1") +
         "}\nmenuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {\n"
         "\tfwsetup\n}\n";
}

TEST(BootMenu, Debian) {
  const Host host;
  host.tree.write("/boot/grub/grub.cfg", debian_grub_cfg("0"));
  const BootMenu menu = host.menu();
  EXPECT_EQ(menu.loader, "GRUB");
  ASSERT_THAT(menu.entries, SizeIs(4));
  EXPECT_THAT(menu.warnings, IsEmpty());
  const BootEntry& first = menu.entries[0];
  EXPECT_EQ(menu.default_entry, 0U);
  EXPECT_EQ(menu.default_reason, "default=0 in " + host.tree.path("/boot/grub/grub.cfg"));
  EXPECT_EQ(first.id, "gnulinux-simple-cccc");
  EXPECT_EQ(first.kernel, "/boot/vmlinuz-6.1.0-10-amd64");
  EXPECT_THAT(first.initrds, ElementsAre("/boot/initrd.img-6.1.0-10-amd64"));
  EXPECT_EQ(first.command_line, "root=UUID=cccc ro quiet");
  EXPECT_EQ(first.version, "6.1.0-10-amd64");
  EXPECT_EQ(first.problem, "");
  EXPECT_EQ(menu.entries[2].id, "gnulinux-advanced-cccc>gnulinux-6.1.0-9-amd64-advanced-cccc");
  EXPECT_EQ(menu.entries[2].command_line, "root=UUID=cccc ro a=1 quiet");
  EXPECT_EQ(menu.entries[3].problem, "it boots something else than Linux");
}

TEST(BootMenu, DebianWithASavedAndAOneShotEntry) {
  const Host host;
  host.tree.write("/boot/grub/grub.cfg", debian_grub_cfg("${saved_entry}"));
  host.environment("/boot/grub/grubenv", "saved_entry=1>1\n");
  EXPECT_EQ(host.chosen().kernel, "/boot/vmlinuz-6.1.0-9-amd64");
  EXPECT_THAT(host.menu().default_reason, HasSubstr("saved_entry in"));
  EXPECT_FALSE(host.menu().one_shot);
  host.environment("/boot/grub/grubenv",
                   "saved_entry=0\n"
                   "next_entry=gnulinux-advanced-cccc>gnulinux-6.1.0-9-amd64-advanced-cccc\n");
  EXPECT_EQ(host.chosen().kernel, "/boot/vmlinuz-6.1.0-9-amd64");
  const BootMenu once = host.menu();
  EXPECT_THAT(once.default_reason, HasSubstr("next_entry in"));
  ASSERT_TRUE(once.one_shot);
  EXPECT_EQ(*once.one_shot,
            (OneShot{OneShot::Kind::kGrubEnvironment, "/boot/grub/grubenv", "next_entry"}));
  ASSERT_TRUE(clear_one_shot(*once.one_shot, host.tree.root()));
  EXPECT_EQ(host.chosen().kernel, "/boot/vmlinuz-6.1.0-10-amd64");
}

TEST(BootMenu, ADefaultThatIsGoneIsTheFirstEntryAsInGrub) {
  const Host host;
  host.tree.write("/boot/grub/grub.cfg", debian_grub_cfg("removed kernel"));
  EXPECT_EQ(host.menu().default_entry, 0U);
  EXPECT_THAT(host.menu().warnings,
              ElementsAre(HasSubstr("\"removed kernel\" is not in its menu")));
}

/// Without a /boot of its own, on a btrfs subvolume, and on another device that is mounted.
TEST(BootMenu, PathsOfTheBootLoaderBecomeTheHosts) {
  const Host host;
  host.tree.write("/boot/grub/grub.cfg",
                  "menuentry a {\nlinux (hd0,gpt2)/vmlinuz-6.1.0-9-amd64\n}\n"
                  "menuentry b {\nlinux /boot/vmlinuz-6.1.0-9-amd64\n}\n"
                  "menuentry c {\nlinux /@root/data/vmlinuz\n}\n"
                  "menuentry d {\nsearch --fs-uuid --set=root dddd\nlinux /vmlinuz\n}\n"
                  "menuentry e {\nlinux /gone\n}\n");
  host.tree.write("/proc/self/mountinfo",
                  "20 1 0:30 /@root / rw - btrfs /dev/vda1 rw\n"
                  "21 20 254:2 / /boot rw - ext4 /dev/vda2 rw\n"
                  "22 20 254:3 / /mnt rw - ext4 /dev/vda3 rw\n");
  host.tree.write("/data/vmlinuz", "k");
  host.tree.write("/mnt/vmlinuz", "k");
  host.tree.write("/dev/vda3", "");
  host.tree.link("/dev/disk/by-uuid/dddd", "../../vda3");
  host.tree.write("/sys/class/block/vda3/dev", "254:3\n");
  const BootMenu menu = host.menu();
  ASSERT_THAT(menu.entries, SizeIs(5));
  EXPECT_EQ(menu.entries[0].kernel, "/boot/vmlinuz-6.1.0-9-amd64");
  EXPECT_EQ(menu.entries[1].kernel, "/boot/vmlinuz-6.1.0-9-amd64");
  EXPECT_EQ(menu.entries[2].kernel, "/data/vmlinuz");
  EXPECT_EQ(menu.entries[3].kernel, "/mnt/vmlinuz");
  EXPECT_EQ(menu.entries[4].problem, "/boot/gone does not exist");
}

void write_red_hat(const Host& host, const std::string& environment) {
  for (const char* version : {"5.14.0-70.el9.x86_64", "5.14.0-162.6.1.el9_1.x86_64"}) {
    const std::string name(version);
    host.tree.write("/boot/vmlinuz-" + name, "k");
    host.tree.write("/boot/initramfs-" + name + ".img", "i");
    host.tree.write("/boot/loader/entries/aaaa-" + name + ".conf",
                    "title Red Hat Enterprise Linux (" + name + ") 9.1 (Plow)\nversion " + name +
                        "\nlinux /vmlinuz-" + name + "\ninitrd /initramfs-" + name +
                        ".img $tuned_initrd\noptions $kernelopts $tuned_params rhgb quiet\n"
                        "grub_users $grub_users\ngrub_arg --unrestricted\ngrub_class kernel\n");
  }
  host.tree.write("/boot/loader/entries/aaaa-0-rescue.conf",
                  "title Rescue\nversion 0-rescue-aaaa\nlinux /vmlinuz-0-rescue-aaaa\n"
                  "initrd /initramfs-0-rescue-aaaa.img\noptions root=/dev/vda1\n");
  host.environment(
      "/boot/grub2/grubenv",
      "kernelopts=root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M \n" + environment);
}

TEST(BootMenu, RedHatWithoutGrubCfg) {
  const Host host;
  write_red_hat(host, "saved_entry=aaaa-5.14.0-70.el9.x86_64\ntuned_params=skew_tick=1\n");
  const BootMenu menu = host.menu();
  EXPECT_EQ(menu.loader, "GRUB");
  ASSERT_THAT(menu.entries, SizeIs(3));
  EXPECT_EQ(menu.entries[0].version, "5.14.0-162.6.1.el9_1.x86_64");
  EXPECT_EQ(menu.entries[2].problem, "/boot/vmlinuz-0-rescue-aaaa does not exist");
  const BootEntry chosen = host.chosen();
  EXPECT_EQ(chosen.kernel, "/boot/vmlinuz-5.14.0-70.el9.x86_64");
  EXPECT_THAT(chosen.initrds, ElementsAre("/boot/initramfs-5.14.0-70.el9.x86_64.img"));
  EXPECT_EQ(chosen.command_line,
            "root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M skew_tick=1 rhgb quiet");
}

TEST(BootMenu, RedHatWithGrubCfgAndTuned) {
  const Host host;
  write_red_hat(host, "next_entry=1\nsaved_entry=0\n");
  host.tree.write("/boot/tuned.img", "i");
  host.tree.write(
      "/boot/grub2/grub.cfg",
      "set pager=1\nif [ -f ${config_directory}/grubenv ]; then\n"
      "  load_env -f ${config_directory}/grubenv\nelif [ -s $prefix/grubenv ]; then\n"
      "  load_env\nfi\nif [ \"${next_entry}\" ] ; then\n"
      "   set default=\"${next_entry}\"\n   set next_entry=\n   save_env next_entry\n"
      "   set boot_once=true\nelse\n   set default=\"${saved_entry}\"\nfi\n"
      "insmod part_gpt\nsearch --no-floppy --fs-uuid --set=root cccc\n"
      "insmod increment\nif [ -n \"${boot_counter}\" -a \"${boot_success}\" = \"0\" ]; then\n"
      "  set default=9\nfi\nset tuned_initrd=\"/tuned.img\"\n"
      "# The kernelopts variable\nif [ -z \"${kernelopts}\" ]; then\n"
      "  set kernelopts=\"root=/dev/none\"\nfi\nblscfg\n"
      "menuentry 'Windows' {\n chainloader +1\n}\n");
  const BootEntry chosen = host.chosen();
  EXPECT_EQ(chosen.id, "aaaa-5.14.0-70.el9.x86_64");
  EXPECT_THAT(chosen.initrds,
              ElementsAre("/boot/initramfs-5.14.0-70.el9.x86_64.img", "/boot/tuned.img"));
  EXPECT_EQ(chosen.command_line, "root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M rhgb quiet");
  const BootMenu menu = host.menu();
  EXPECT_EQ(menu.one_shot->variable, "next_entry");
  ASSERT_THAT(menu.entries, SizeIs(4));
  EXPECT_EQ(menu.entries[3].title, "Windows");
}

TEST(BootMenu, SystemdBootWithBothTypesAndBootCounting) {
  const Host host;
  host.efi_variable("LoaderInfo", "systemd-boot 255");
  host.tree.write("/boot/grub/grub.cfg", debian_grub_cfg("0"));  // left over
  host.tree.write("/efi/loader/loader.conf", "timeout 3\ndefault fedora-*\n");
  host.tree.write("/efi/loader/entries/fedora-6.8.conf",
                  "title Fedora\nversion 6.8\nlinux /m/6.8/linux\ninitrd /m/6.8/initrd\n"
                  "options root=UUID=x $kernelopts\n");
  host.tree.write("/efi/m/6.8/linux", "k");
  host.tree.write("/efi/m/6.8/initrd", "i");
  host.tree.write("/efi/EFI/Linux/uki+3.efi",
                  test::unified_image({{".linux", "MZ"},
                                       {".osrel", "ID=uki\nNAME=Unified\n"},
                                       {".cmdline", "root=/dev/vda1 a=b"}}));
  host.tree.write(
      "/proc/self/mountinfo",
      "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n21 20 254:2 / /efi rw - vfat /dev/vda2 rw\n");
  BootMenu menu = host.menu();
  EXPECT_EQ(menu.loader, "systemd-boot");
  ASSERT_THAT(menu.entries, SizeIs(2));
  EXPECT_EQ(menu.entries[0].id, "uki.efi");
  EXPECT_EQ(menu.entries[0].kernel, "/efi/EFI/Linux/uki+3.efi");
  EXPECT_EQ(menu.entries[0].command_line, "root=/dev/vda1 a=b");
  EXPECT_THAT(menu.entries[0].initrds, IsEmpty());
  EXPECT_EQ(menu.entries[1].kernel, "/efi/m/6.8/linux");
  EXPECT_EQ(menu.entries[1].command_line, "root=UUID=x $kernelopts");  // no variables here
  EXPECT_EQ(menu.default_entry, 1U);
  EXPECT_THAT(menu.default_reason, HasSubstr("/efi/loader/loader.conf:2"));

  host.efi_variable("LoaderEntryDefault", "uki.efi");
  EXPECT_EQ(host.menu().default_entry, 0U);
  host.efi_variable("LoaderEntryOneShot", "fedora-6.8.conf");
  menu = host.menu();
  EXPECT_EQ(menu.default_entry, 1U);
  ASSERT_TRUE(menu.one_shot);
  EXPECT_EQ(menu.one_shot->kind, OneShot::Kind::kEfiVariable);
  ASSERT_TRUE(clear_one_shot(*menu.one_shot, host.tree.root()));
  EXPECT_EQ(host.menu().default_entry, 0U);
}

TEST(BootMenu, Extlinux) {
  const Host host;
  host.tree.write("/boot/extlinux/extlinux.conf",
                  "default l1\nlabel l0\nlinux ../vmlinuz-6.1.0-9-amd64\n"
                  "label l1\nlinux /vmlinuz-6.1.0-10-amd64\ninitrd /initrd.img-6.1.0-10-amd64\n"
                  "append root=/dev/vda1\n");
  EXPECT_EQ(host.menu().loader, "extlinux");
  EXPECT_EQ(host.menu().entries[0].kernel, "/boot/vmlinuz-6.1.0-9-amd64");
  EXPECT_EQ(host.chosen().kernel, "/boot/vmlinuz-6.1.0-10-amd64");
  EXPECT_THAT(host.chosen().initrds, ElementsAre("/boot/initrd.img-6.1.0-10-amd64"));
}

TEST(BootMenu, WithoutABootLoaderItIsTheRunningKernel) {
  const Host host;
  EXPECT_EQ(host.menu().loader, "none");
  EXPECT_EQ(host.chosen().kernel, "/boot/vmlinuz-6.1.0-9-amd64");
  EXPECT_THAT(host.chosen().initrds, ElementsAre("/boot/initrd.img-6.1.0-9-amd64"));
  host.tree.write("/proc/sys/kernel/osrelease", "9.9\n");
  const auto nothing = read_boot_menu(host.tree.root());
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(nothing.error().message, HasSubstr("no /boot/vmlinuz-9.9; name a kernel"));
}

TEST(BootMenu, ADamagedGrubenvIsNamed) {
  const Host host;
  host.tree.write("/boot/grub/grub.cfg", debian_grub_cfg("0"));
  host.tree.write("/boot/grub/grubenv", "");
  const auto menu = read_boot_menu(host.tree.root());
  ASSERT_FALSE(menu);
  EXPECT_THAT(menu.error().message, HasSubstr("/boot/grub/grubenv: is not a GRUB environment"));
}

TEST(FindEntry, ByIdTitleKernelOrVersion) {
  const Host host;
  host.tree.write("/boot/grub/grub.cfg", debian_grub_cfg("0"));
  const BootMenu menu = host.menu();
  for (const char* wanted : {"gnulinux-advanced-cccc>gnulinux-6.1.0-9-amd64-advanced-cccc",
                             "Debian GNU/Linux, with Linux 6.1.0-9-amd64",
                             "/boot/vmlinuz-6.1.0-9-amd64",
                             "6.1.0-9-amd64"}) {
    const auto entry = find_entry(menu, wanted);
    ASSERT_TRUE(entry) << wanted;
    EXPECT_EQ(entry->kernel, "/boot/vmlinuz-6.1.0-9-amd64");
  }
  const auto nothing = find_entry(menu, "none");
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message, HasSubstr("GRUB has no entry \"none\"; it has gnulinux-"));
}

TEST(FindEntry, WithoutTheSuffixOfSystemdBoot) {
  BootMenu menu;
  for (const char* id : {"a", "a.conf", "b.conf", "c.efi"}) {
    menu.entries.emplace_back();
    menu.entries.back().id = id;
  }
  for (const auto& [wanted, id] : {std::pair{"a", "a"}, {"b", "b.conf"}, {"c", "c.efi"}}) {
    const auto entry = find_entry(menu, wanted);
    ASSERT_TRUE(entry) << wanted;
    EXPECT_EQ(entry->id, id);
  }
}

}  // namespace
}  // namespace kdump::boot
