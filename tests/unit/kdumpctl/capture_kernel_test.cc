// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/capture_kernel.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kVersion = "6.1.0-9-amd64";
constexpr const char* kMachineId = "0123456789abcdef0123456789abcdef";

struct FindCase {
  const char* name;
  std::vector<const char*> files;
  const char* cmdline;
  const char* boot_directory;
  const char* kernel;
  const char* image;
};

void fill(const test::TempTree& tree,
          const std::vector<const char*>& files,
          const std::string& cmdline) {
  tree.write("/proc/sys/kernel/osrelease", std::string(kVersion) + "\n");
  tree.write("/proc/cmdline", cmdline + "\n");
  tree.write("/etc/machine-id", std::string(kMachineId) + "\n");
  for (const char* file : files) tree.write(file, "x");
}

const std::vector<FindCase>& find_cases() {
  static const std::vector<FindCase> table = {
      {"beside the kernel, no default initrd",
       {"/boot/vmlinuz-6.1.0-9-amd64"},
       "ro",
       "",
       "/boot/vmlinuz-6.1.0-9-amd64",
       "/boot/initramfs-6.1.0-9-amd64kdump.img"},
      {"Red Hat's default initrd",
       {"/boot/vmlinuz-6.1.0-9-amd64", "/boot/initramfs-6.1.0-9-amd64.img"},
       "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.1.0-9-amd64 ro",
       "",
       "/boot/vmlinuz-6.1.0-9-amd64",
       "/boot/initramfs-6.1.0-9-amd64kdump.img"},
      {"a plain initrd",
       {"/boot/vmlinuz-6.1.0-9-amd64", "/boot/initrd"},
       "ro",
       "",
       "/boot/vmlinuz-6.1.0-9-amd64",
       "/boot/initrdkdump"},
      {"BOOT_IMAGE before the name made of the version",
       {"/boot/vmlinuz-6.1.0-9-amd64", "/boot/other-6.1.0-9-amd64"},
       "BOOT_IMAGE=(hd0,msdos1)/other-6.1.0-9-amd64 quiet",
       "",
       "/boot/other-6.1.0-9-amd64",
       "/boot/initramfs-6.1.0-9-amd64kdump.img"},
      {"BOOT_IMAGE with /boot in it",
       {"/boot/other-6.1.0-9-amd64"},
       "BOOT_IMAGE=/boot/other-6.1.0-9-amd64",
       "",
       "/boot/other-6.1.0-9-amd64",
       "/boot/initramfs-6.1.0-9-amd64kdump.img"},
      {"BOOT_IMAGE of another version does not count",
       {"/boot/vmlinuz-6.1.0-9-amd64", "/boot/vmlinuz-5.0"},
       "BOOT_IMAGE=/vmlinuz-5.0",
       "",
       "/boot/vmlinuz-6.1.0-9-amd64",
       "/boot/initramfs-6.1.0-9-amd64kdump.img"},
      {"boot loader specification, type 1",
       {"/boot/efi/0123456789abcdef0123456789abcdef/6.1.0-9-amd64/vmlinuz",
        "/boot/efi/0123456789abcdef0123456789abcdef/6.1.0-9-amd64/initrd"},
       "ro",
       "",
       "/boot/efi/0123456789abcdef0123456789abcdef/6.1.0-9-amd64/vmlinuz",
       "/boot/efi/0123456789abcdef0123456789abcdef/6.1.0-9-amd64/initrdkdump"},
      {"/boot before /efi before /",
       {"/efi/vmlinuz-6.1.0-9-amd64", "/vmlinuz-6.1.0-9-amd64"},
       "ro",
       "",
       "/efi/vmlinuz-6.1.0-9-amd64",
       "/efi/initramfs-6.1.0-9-amd64kdump.img"},
      {"the root folder",
       {"/vmlinuz-6.1.0-9-amd64"},
       "ro",
       "",
       "/vmlinuz-6.1.0-9-amd64",
       "/initramfs-6.1.0-9-amd64kdump.img"},
      {"ostree",
       {"/run/ostree-booted",
        "/boot/ostree/fedora-1/vmlinuz-6.1.0-9-amd64",
        "/boot/vmlinuz-6.1.0-9-amd64"},
       "BOOT_IMAGE=(hd0,gpt3)/ostree/fedora-1/vmlinuz-6.1.0-9-amd64",
       "",
       "/boot/ostree/fedora-1/vmlinuz-6.1.0-9-amd64",
       "/boot/ostree/fedora-1/initramfs-6.1.0-9-amd64kdump.img"},
      {"KDUMP_BOOTDIR is searched alone",
       {"/boot/vmlinuz-6.1.0-9-amd64", "/mnt/b/vmlinuz-6.1.0-9-amd64"},
       "ro",
       "/mnt/b/",
       "/mnt/b/vmlinuz-6.1.0-9-amd64",
       "/mnt/b/initramfs-6.1.0-9-amd64kdump.img"},
  };
  return table;
}

TEST(CaptureKernel, FindsKernelAndImage) {
  for (const FindCase& row : find_cases()) {
    const test::TempTree tree;
    fill(tree, row.files, row.cmdline);
    config::Sysconfig sysconfig;
    sysconfig.boot_directory = row.boot_directory;
    const auto found = find_capture_kernel(tree.root(), sysconfig);
    ASSERT_TRUE(found) << row.name << ": " << found.error().message;
    EXPECT_EQ(found->version, kVersion) << row.name;
    EXPECT_EQ(found->kernel, row.kernel) << row.name;
    EXPECT_EQ(found->image, row.image) << row.name;
    EXPECT_THAT(found->notes, IsEmpty()) << row.name;
  }
}

TEST(CaptureKernel, TakesTheConfiguredVersionAndName) {
  const test::TempTree tree;
  fill(tree,
       {"/boot/bzImage-5.9.efi", "/boot/vmlinuz-6.1.0-9-amd64"},
       "BOOT_IMAGE=/vmlinuz-6.1.0-9-amd64");
  config::Sysconfig sysconfig;
  sysconfig.kernel_version = "5.9";
  sysconfig.image_name = "bzImage";
  sysconfig.image_extension = ".efi";
  const auto found = find_capture_kernel(tree.root(), sysconfig);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->version, "5.9");
  EXPECT_EQ(found->kernel, "/boot/bzImage-5.9.efi");
  EXPECT_EQ(found->image, "/boot/initramfs-5.9kdump.img");
}

TEST(CaptureKernel, FollowsLinksInsideTheRootAndNamesTheLink) {
  const test::TempTree tree;
  fill(tree, {"/usr/lib/modules/k/vmlinuz"}, "ro");
  tree.link("/boot/vmlinuz-6.1.0-9-amd64", "/usr/lib/modules/k/vmlinuz");
  const auto found = find_capture_kernel(tree.root(), {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->kernel, "/boot/vmlinuz-6.1.0-9-amd64");
}

TEST(CaptureKernelDeathTest, TheImageGoesElsewhereWhenTheFolderCannotBeWritten) {
  const test::TempTree tree;
  fill(tree, {"/boot/vmlinuz-6.1.0-9-amd64", "/boot/initrd"}, "ro");
  ASSERT_EQ(::chmod(tree.folder().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(tree.path("/boot").c_str(), 0555), 0);
  // In a process of its own, as root may write everywhere.
  EXPECT_EXIT(
      {
        constexpr uid_t kNobody = 65534;
        if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
        const auto found = find_capture_kernel(tree.root(), {});
        ::_exit(found && found->image == "/var/lib/kdump/initrdkdump" ? 0 : 1);
      },
      testing::ExitedWithCode(0),
      "");
  ASSERT_EQ(::chmod(tree.path("/boot").c_str(), 0755), 0);
}

TEST(CaptureKernelDeathTest, TheImageThatIsThereServesWhenNothingCanBeWritten) {
  const test::TempTree tree;
  fill(tree, {"/boot/vmlinuz-6.1.0-9-amd64", "/boot/initrdkdump", "/boot/initrd"}, "ro");
  tree.make_directory("/var/lib/kdump");
  ASSERT_EQ(::chmod(tree.folder().c_str(), 0755), 0);
  for (const char* folder : {"/boot", "/var/lib/kdump"}) {
    ASSERT_EQ(::chmod(tree.path(folder).c_str(), 0555), 0);
  }
  EXPECT_EXIT(
      {
        constexpr uid_t kNobody = 65534;
        if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
        const auto found = find_capture_kernel(tree.root(), {});
        ::_exit(found && found->image == "/boot/initrdkdump" ? 0 : 1);
      },
      testing::ExitedWithCode(0),
      "");
  for (const char* folder : {"/boot", "/var/lib/kdump"}) {
    ASSERT_EQ(::chmod(tree.path(folder).c_str(), 0755), 0);
  }
}

TEST(CaptureKernel, AFolderOrADanglingLinkIsNoKernel) {
  const test::TempTree tree;
  fill(tree, {"/boot/vmlinuz-6.1.0-9-amd64/file"}, "ro");
  tree.link("/efi", "/nowhere");
  EXPECT_FALSE(find_capture_kernel(tree.root(), {}));
}

TEST(CaptureKernel, ADebugKernelGivesWayToItsTwin) {
  for (const std::string suffix : {"+debug", "-debug"}) {
    const test::TempTree tree;
    fill(tree, {"/boot/vmlinuz-6.1", "/lib/modules/6.1/modules.dep"}, "ro");
    tree.write("/proc/sys/kernel/osrelease", "6.1" + suffix + "\n");
    const auto found = find_capture_kernel(tree.root(), {});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->version, "6.1");
    ASSERT_EQ(found->notes.size(), 1U);
    EXPECT_THAT(found->notes[0], HasSubstr("6.1" + suffix + " is running; 6.1 is used instead"));
  }
}

TEST(CaptureKernel, ADebugKernelWithoutATwinIsUsedWithAWarning) {
  const test::TempTree tree;
  fill(tree, {"/boot/vmlinuz-6.1+debug"}, "ro");
  tree.write("/proc/sys/kernel/osrelease", "6.1+debug\n");
  const auto found = find_capture_kernel(tree.root(), {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->version, "6.1+debug");
  ASSERT_EQ(found->notes.size(), 1U);
  EXPECT_THAT(found->notes[0], HasSubstr("crashkernel= may have to be larger"));
}

TEST(CaptureKernel, SaysWhatWasLookedFor) {
  const test::TempTree tree;
  fill(tree, {}, "ro");
  const auto found = find_capture_kernel(tree.root(), {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(found.error().message, HasSubstr("Failed to detect kdump kernel location"));
  EXPECT_THAT(found.error().message, HasSubstr("vmlinuz-6.1.0-9-amd64"));
  EXPECT_THAT(found.error().message, HasSubstr("/boot, /boot/efi, /efi, /"));
}

TEST(CaptureKernel, AUnifiedKernelImageServesWhereThereIsNoOther) {
  const test::TempTree tree;
  const char* const unified =
      "/boot/efi/EFI/Linux/0123456789abcdef0123456789abcdef-6.1.0-9-amd64.efi";
  fill(tree, {unified}, "ro");
  const auto found = find_capture_kernel(tree.root(), {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->kernel, unified);
  EXPECT_EQ(found->image, "/var/lib/kdump/initramfs-6.1.0-9-amd64kdump.img");
}

TEST(CaptureKernel, TheUnifiedKernelImageThatIsRunningComesFirst) {
  const test::TempTree tree;
  fill(tree, {"/efi/EFI/Linux/cloud.efi"}, "ro");
  std::string variable("\x06\0\0\0", 4);
  for (const char c : std::string("\\EFI\\Linux\\cloud.efi")) variable += {c, '\0'};
  variable += {'\0', '\0'};
  tree.write("/sys/firmware/efi/efivars/StubImageIdentifier-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
             variable);
  const auto found = find_capture_kernel(tree.root(), {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->kernel, "/efi/EFI/Linux/cloud.efi");
}

}  // namespace
}  // namespace kdump::ctl
