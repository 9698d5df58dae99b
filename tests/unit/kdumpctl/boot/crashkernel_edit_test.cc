// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/crashkernel_edit.h"

#include <gtest/gtest.h>

namespace kdump::boot {
namespace {

struct Row {
  ArgumentFile kind;
  const char* before;
  const char* after;  ///< nullptr: it cannot be done
};

TEST(CrashkernelEdit, EveryOtherByteStays) {
  using enum ArgumentFile;
  const Row rows[] = {
      {kCmdline, "", "crashkernel=1G\n"},
      {kCmdline, "root=/dev/sda1\n", "root=/dev/sda1 crashkernel=1G\n"},
      {kCmdline, "a  crashkernel=256M\tb", "a  crashkernel=1G\tb"},
      {kCmdline, "crashkernel=2G,high crashkernel=64M,low x\n", "crashkernel=1G x\n"},
      {kCmdline, "notcrashkernel=5 x\n", "notcrashkernel=5 x crashkernel=1G\n"},
      {kBlsEntry,
       "title t\noptions $kernelopts\ninitrd /i\n",
       "title t\noptions $kernelopts crashkernel=1G\ninitrd /i\n"},
      {kBlsEntry,
       "title crashkernel=5\noptions a\noptions crashkernel=9M b\n",
       "title crashkernel=5\noptions a\noptions crashkernel=1G b\n"},
      {kBlsEntry, "title t\n", "title t\noptions crashkernel=1G\n"},
      {kGrubDefault,
       "# crashkernel=1\nGRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"quiet\"\n",
       "# crashkernel=1\nGRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"quiet crashkernel=1G\"\n"},
      {kGrubDefault, "GRUB_CMDLINE_LINUX=''\n", "GRUB_CMDLINE_LINUX='crashkernel=1G'\n"},
      {kGrubDefault,
       "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=384M-:128M\"\n",
       "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=1G\"\n"},
      {kGrubDefault,
       "GRUB_CMDLINE_LINUX=\"crashkernel=auto rhgb\"\n",
       "GRUB_CMDLINE_LINUX=\"crashkernel=1G rhgb\"\n"},
      {kGrubDefault, "GRUB_TIMEOUT=1\n", "GRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX=\"crashkernel=1G\"\n"},
      {kGrubDefault, "GRUB_CMDLINE_LINUX=\"a\" # mine\n", nullptr},
      {kGrubDefault, "GRUB_CMDLINE_LINUX=quiet\n", nullptr},
  };
  for (const Row& row : rows) {
    const auto text = with_crashkernel(row.before, row.kind, "1G");
    ASSERT_EQ(text.has_value(), row.after != nullptr) << row.before;
    if (!text) continue;
    EXPECT_EQ(*text, row.after);
    EXPECT_EQ(with_crashkernel(*text, row.kind, "1G"), *text) << "not settled: " << row.before;
    EXPECT_EQ(crashkernel_in(*text, row.kind), "1G");
  }
}

TEST(CrashkernelEdit, SeveralValuesAreSeveralParameters) {
  EXPECT_EQ(with_crashkernel("a crashkernel=1 b\n", ArgumentFile::kCmdline, "1G,high 64M,low"),
            "a crashkernel=1G,high crashkernel=64M,low b\n");
  EXPECT_EQ(crashkernel_in("crashkernel=1G,high crashkernel=64M,low", ArgumentFile::kCmdline),
            "1G,high 64M,low");
  EXPECT_EQ(crashkernel_in("quiet\n", ArgumentFile::kCmdline), std::nullopt);
}

TEST(CrashkernelEdit, TheDifferenceHasTheLinesThatDiffer) {
  EXPECT_EQ(line_difference("/f", "a\nb\n", "a\nc\nd\n"), "/f\n-b\n+c\n+d\n");
}

}  // namespace
}  // namespace kdump::boot
