// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/mount_options.h"

#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

#include <sys/mount.h>

namespace kdump::mkdumprd {
namespace {

struct OptionCase {
  const char* name;
  const char* options;
  const char* fs_type;
  OptionSource source;
  std::uint64_t flags;
  const char* data;
};

class MountOptions : public testing::TestWithParam<OptionCase> {};

TEST_P(MountOptions, Compile) {
  const OptionCase& c = GetParam();
  const auto arguments = compile_mount_options(c.options, c.fs_type, c.source);
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ(arguments->flags, c.flags);
  EXPECT_EQ(arguments->data, c.data);
}

constexpr auto kSeen = OptionSource::kRunningSystem;
constexpr auto kWritten = OptionSource::kAdministrator;

INSTANTIATE_TEST_SUITE_P(
    All,
    MountOptions,
    testing::Values(
        OptionCase{"Defaults", "defaults", "ext4", kSeen, 0, ""},
        OptionCase{"Empty", "", "ext4", kSeen, 0, ""},
        OptionCase{"ReadOnlyBecomesWritable", "ro,noatime", "ext4", kSeen, MS_NOATIME, ""},
        OptionCase{
            "Flags", "rw,nosuid,nodev,noexec", "xfs", kSeen, MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
        OptionCase{"WordsOfTheMountProgramAlone",
                   "noauto,nofail,_netdev,user=x,x-systemd.automount",
                   "ext4",
                   kWritten,
                   0,
                   ""},
        OptionCase{"TuningSeenIsDropped",
                   "rw,seclabel,errors=remount-ro,discard,prjquota,stripe=64",
                   "ext4",
                   kSeen,
                   0,
                   ""},
        OptionCase{"TuningWrittenIsKept",
                   "rw,errors=continue,data=writeback",
                   "ext4",
                   kWritten,
                   0,
                   "errors=continue,data=writeback"},
        OptionCase{"EssentialIsKept", "rw,attr2,inode64,nouuid,noquota", "xfs", kSeen, 0, "nouuid"},
        OptionCase{"EssentialOfAnotherType", "rw,nouuid", "ext4", kSeen, 0, ""},
        OptionCase{"NamesOfFiles",
                   "rw,fmask=0022,codepage=437,iocharset=ascii,errors=remount-ro",
                   "vfat",
                   kSeen,
                   0,
                   "codepage=437,iocharset=ascii"},
        OptionCase{"QuotedComma",
                   "context=\"system_u:object_r:x:s0:c1,c2\",noatime",
                   "ext4",
                   kSeen,
                   MS_NOATIME,
                   ""},
        OptionCase{"BindIsNoMountOfADevice", "bind,rw", "ext4", kWritten, 0, ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(FstabOptions, FirstMatchingRow) {
  const kdump::test::TempTree tree;
  tree.write("/etc/fstab",
             "# comment\n"
             "/dev/vda / ext4 defaults 0 1\n"
             "UUID=\"1234\" /dump xfs noauto,nouuid 0 0\n"
             "LABEL=data /data ext4 rw,noatime 0 0\n");
  const auto by_uuid = fstab_options(tree.root(), {"UUID=1234", "/dev/vdb"});
  ASSERT_TRUE(by_uuid) << by_uuid.error().message;
  EXPECT_EQ(by_uuid->value_or("none"), "noauto,nouuid");
  const auto by_label = fstab_options(tree.root(), {"UUID=9", "LABEL=data"});
  ASSERT_TRUE(by_label);
  EXPECT_EQ(by_label->value_or("none"), "rw,noatime");
  const auto by_path = fstab_options(tree.root(), {"/dev/vda"});
  ASSERT_TRUE(by_path);
  EXPECT_EQ(by_path->value_or("none"), "defaults");
  const auto none = fstab_options(tree.root(), {"/dev/vdz", "UUID="});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST(FstabOptions, NoFile) {
  const kdump::test::TempTree tree;
  const auto none = fstab_options(tree.root(), {"/dev/vda"});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

}  // namespace
}  // namespace kdump::mkdumprd
