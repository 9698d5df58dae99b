// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/default_kexec.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::ctl::reboot {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(DefaultKexec, AbsentFilesChangeNothing) {
  const test::TempTree tree;
  const auto read = read_default_kexec(tree.root());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->settings.load_kexec);
  EXPECT_FALSE(read->settings.use_grub_config);
}

TEST(DefaultKexec, AsDebianShipsIt) {
  const test::TempTree tree;
  tree.write("/etc/default/kexec",
             "# Defaults for kexec initscript\n# sourced by /etc/init.d/kexec\n\n"
             "# Load a kexec kernel (true/false)\nLOAD_KEXEC=true\n\n"
             "# Kernel and initrd image\nKERNEL_IMAGE=\"/vmlinuz\"\nINITRD=\"/initrd.img\"\n\n"
             "# If empty, use current /proc/cmdline\nAPPEND=\"\"\n\n"
             "# Load the default kernel from grub config (true/false)\nUSE_GRUB_CONFIG=false\n");
  const auto read = read_default_kexec(tree.root());
  ASSERT_TRUE(read);
  EXPECT_THAT(read->diagnostics, IsEmpty());
  EXPECT_TRUE(read->settings.load_kexec);
  EXPECT_FALSE(read->settings.use_grub_config);
  EXPECT_EQ(read->settings.kernel_image, "/vmlinuz");
  EXPECT_EQ(read->settings.initrd, "/initrd.img");
  EXPECT_EQ(read->settings.append, "");
}

TEST(DefaultKexec, TheFolderComesLaterInTheOrderOfRunParts) {
  const test::TempTree tree;
  tree.write("/etc/default/kexec", "LOAD_KEXEC=false\nAPPEND=\"root=/dev/vda1\"\nINITRD=/a\n");
  tree.write("/etc/default/kexec.d/10-a", "LOAD_KEXEC=true\nINITRD=\n");
  tree.write("/etc/default/kexec.d/20_b", "APPEND=\"$APPEND quiet\"\n");
  tree.write("/etc/default/kexec.d/30.dpkg-old", "LOAD_KEXEC=false\n");
  tree.make_directory("/etc/default/kexec.d/40");
  const auto read = read_default_kexec(tree.root());
  ASSERT_TRUE(read);
  EXPECT_THAT(read->diagnostics, IsEmpty());
  EXPECT_TRUE(read->settings.load_kexec);
  EXPECT_EQ(read->settings.initrd, "");
  EXPECT_EQ(read->settings.append, "root=/dev/vda1 quiet");
}

TEST(DefaultKexec, OnlyTrueIsTrue) {
  for (const char* value : {"yes", "1", "TRUE", "", "\"true \""}) {
    const test::TempTree tree;
    tree.write("/etc/default/kexec", "LOAD_KEXEC=" + std::string(value) + "\n");
    EXPECT_FALSE(read_default_kexec(tree.root())->settings.load_kexec) << value;
  }
}

TEST(DefaultKexec, NothingIsRun) {
  const test::TempTree tree;
  tree.write("/etc/default/kexec", "LOAD_KEXEC=true\nAPPEND=\"$(cat /proc/cmdline)\"\n");
  const auto read = read_default_kexec(tree.root());
  ASSERT_TRUE(read);
  ASSERT_THAT(read->diagnostics, SizeIs(1));
  EXPECT_THAT(read->diagnostics[0].to_string(), HasSubstr("/etc/default/kexec:2: a shell subst"));
  tree.write("/etc/default/kexec.d/a", "APPEND=\"$NONE\"\n");
  EXPECT_THAT(read_default_kexec(tree.root())->diagnostics[1].to_string(),
              HasSubstr("/etc/default/kexec.d/a:1: $NONE is not assigned"));
}

}  // namespace
}  // namespace kdump::ctl::reboot
