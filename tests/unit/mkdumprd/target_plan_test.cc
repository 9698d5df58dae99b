// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/target_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sys/mount.h>

namespace kdump::mkdumprd {
namespace {

using config::FileSystemTarget;
using config::KdumpConfig;
using config::PlannedDevice;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// /var/crash, an own ext4 file system on /dev/vdb.
TargetFacts crash_disk() {
  TargetFacts facts;
  facts.device.name = "vdb";
  facts.device.number = "254:16";
  facts.device.node = "/dev/vdb";
  facts.probed = {.type = "ext4",
                  .uuid = "1234-uuid",
                  .label = "dumps",
                  .part_uuid = "part-uuid",
                  .part_label = {},
                  .external_journal = {}};
  facts.mount = MountPoint{.device_number = "254:16",
                           .root = "/",
                           .mount_point = "/var/crash",
                           .mount_options = "rw,noatime",
                           .fs_type = "ext4",
                           .source = "/dev/vdb",
                           .super_options = "rw,errors=remount-ro"};
  facts.host_path = "/var/crash";
  facts.host_path_is_directory = true;
  return facts;
}

KdumpConfig ext4_on(const std::string& device, const std::string& options = {}) {
  KdumpConfig config;
  config.target =
      FileSystemTarget{.fs_type = "ext4", .device = device, .mount_point = {}, .options = options};
  return config;
}

TEST(TargetPlan, PathOnItsOwnFileSystem) {
  const auto plan = plan_target({}, crash_disk());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->place.fs_type, "ext4");
  EXPECT_EQ(plan->place.device, (PlannedDevice{PlannedDevice::By::kUuid, "1234-uuid"}));
  EXPECT_EQ(plan->place.mount_flags, std::uint64_t{MS_NOATIME});
  EXPECT_EQ(plan->place.mount_data, "");
  EXPECT_EQ(plan->place.directory, "/");
  EXPECT_THAT(plan->warnings, IsEmpty());
}

struct DirectoryCase {
  const char* name;
  const char* root;
  const char* mount_point;
  const char* host_path;
  const char* directory;
};

class TargetDirectory : public testing::TestWithParam<DirectoryCase> {};

TEST_P(TargetDirectory, IsRelativeToTheFileSystem) {
  const DirectoryCase& c = GetParam();
  TargetFacts facts = crash_disk();
  facts.mount->root = c.root;
  facts.mount->mount_point = c.mount_point;
  facts.host_path = c.host_path;
  const auto plan = plan_target({}, facts);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->place.directory, c.directory);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    TargetDirectory,
    testing::Values(DirectoryCase{"OnTheRoot", "/", "/", "/var/crash", "/var/crash"},
                    DirectoryCase{"OnVar", "/", "/var", "/var/crash", "/crash"},
                    DirectoryCase{"Bind", "/data/dumps", "/var/crash", "/var/crash", "/data/dumps"},
                    DirectoryCase{"BelowABind", "/data", "/var", "/var/crash/a", "/data/crash/a"},
                    DirectoryCase{"Subvolume", "/@", "/", "/var/crash", "/@/var/crash"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(TargetPlan, BtrfsMountsTheTopLevel) {
  TargetFacts facts = crash_disk();
  facts.mount->fs_type = "btrfs";
  facts.mount->root = "/@crash";
  facts.mount->super_options = "rw,space_cache=v2,subvolid=256,subvol=/@crash";
  facts.probed.type = "btrfs";
  const auto plan = plan_target({}, facts);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->place.mount_data, "subvolid=5");
  EXPECT_EQ(plan->place.directory, "/@crash");
  facts.mount->super_options = "rw,degraded,subvolid=5,subvol=/";
  const auto degraded = plan_target({}, facts);
  ASSERT_TRUE(degraded);
  EXPECT_EQ(degraded->place.mount_data, "subvolid=5,degraded");
}

TEST(TargetPlan, ExplicitTargetHasThePathInItself) {
  TargetFacts facts = crash_disk();
  facts.mount->mount_point = "/mnt/dumps";
  facts.host_path = "/mnt/dumps/var/crash";
  const auto plan = plan_target(ext4_on("UUID=1234-uuid"), facts);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->place.directory, "/var/crash");
}

TEST(TargetPlan, OptionsOfTheAdministratorAreTakenWhole) {
  const auto plan = plan_target(ext4_on("/dev/vdb", "ro,nosuid,data=journal"), crash_disk());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->place.mount_flags, std::uint64_t{MS_NOSUID});
  EXPECT_EQ(plan->place.mount_data, "data=journal");
  EXPECT_EQ(plan->place.directory, "/var/crash");
}

TEST(TargetPlan, UnmountedTargetIsTakenWithAWarning) {
  TargetFacts facts = crash_disk();
  facts.mount.reset();
  facts.host_path.clear();
  facts.host_path_is_directory = false;
  facts.fstab_options = "noauto,nodev,discard";
  const auto plan = plan_target(ext4_on("/dev/vdb"), facts);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->place.fs_type, "ext4");
  EXPECT_EQ(plan->place.mount_flags, std::uint64_t{MS_NODEV});
  EXPECT_EQ(plan->place.mount_data, "");
  EXPECT_EQ(plan->place.directory, "/var/crash");
  ASSERT_THAT(plan->warnings, SizeIs(1));
  EXPECT_THAT(plan->warnings[0], HasSubstr("not mounted"));
}

TEST(TargetPlan, DeviceIsNamedByWhatLasts) {
  TargetFacts facts = crash_disk();
  facts.probed.uuid.clear();
  auto plan = plan_target({}, facts);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->place.device, (PlannedDevice{PlannedDevice::By::kPartUuid, "part-uuid"}));
  facts.probed.part_uuid.clear();
  plan = plan_target({}, facts);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->place.device, (PlannedDevice{PlannedDevice::By::kLabel, "dumps"}));
  facts.probed.label.clear();
  plan = plan_target({}, facts);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->place.device, (PlannedDevice{PlannedDevice::By::kPath, "/dev/vdb"}));
  EXPECT_THAT(plan->warnings, SizeIs(1));
}

struct RefusalCase {
  const char* name;
  bool is_explicit;
  std::function<void(TargetFacts&)> change;
  ErrorKind kind;
  const char* text;
};

class TargetRefusal : public testing::TestWithParam<RefusalCase> {};

TEST_P(TargetRefusal, NamesCauseAndRemedy) {
  const RefusalCase& c = GetParam();
  TargetFacts facts = crash_disk();
  c.change(facts);
  const auto plan = plan_target(c.is_explicit ? ext4_on("UUID=1234-uuid") : KdumpConfig{}, facts);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, c.kind);
  EXPECT_THAT(plan.error().message, HasSubstr(c.text));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    TargetRefusal,
    testing::Values(
        RefusalCase{"WrongType",
                    true,
                    [](TargetFacts& f) { f.mount->fs_type = "xfs"; },
                    ErrorKind::kUsage,
                    "\"UUID=1234-uuid\" have a wrong type config \"ext4\", expected \"xfs\""},
        RefusalCase{"WrongTypeUnmounted",
                    true,
                    [](TargetFacts& f) {
                      f.mount.reset();
                      f.probed.type = "swap";
                    },
                    ErrorKind::kUsage,
                    "expected \"swap\""},
        RefusalCase{"NoFileSystem",
                    true,
                    [](TargetFacts& f) {
                      f.mount.reset();
                      f.probed.type.clear();
                    },
                    ErrorKind::kUsage,
                    "holds no file system"},
        RefusalCase{"UnknownType",
                    false,
                    [](TargetFacts& f) { f.mount->fs_type = "fuseblk"; },
                    ErrorKind::kUnsupported,
                    "holds \"fuseblk\""},
        RefusalCase{"ReadOnlyMount",
                    false,
                    [](TargetFacts& f) { f.mount->mount_options = "ro,noatime"; },
                    ErrorKind::kUsage,
                    "mounted read-only on /var/crash"},
        RefusalCase{"ReadOnlyFileSystem",
                    true,
                    [](TargetFacts& f) { f.mount->super_options = "ro,errors=remount-ro"; },
                    ErrorKind::kUsage,
                    "mount -o remount,rw"},
        RefusalCase{"NoSuchPathInTarget",
                    true,
                    [](TargetFacts& f) { f.host_path_is_directory = false; },
                    ErrorKind::kUsage,
                    "Dump path \"/var/crash\" does not exist in dump target \"UUID=1234-uuid\""},
        RefusalCase{"PathIsAFile",
                    false,
                    [](TargetFacts& f) { f.host_path_is_directory = false; },
                    ErrorKind::kUsage,
                    "Dump path /var/crash is not a directory"},
        RefusalCase{
            "StackedDevice",
            false,
            [](TargetFacts& f) { f.device.obstacle = "an LVM logical volume (device mapper)"; },
            ErrorKind::kUnsupported,
            "lies on /dev/vdb (an LVM logical volume (device mapper))"},
        RefusalCase{"ExternalJournal",
                    false,
                    [](TargetFacts& f) { f.probed.external_journal = "uuid"; },
                    ErrorKind::kUnsupported,
                    "journal on another device"},
        RefusalCase{"ExternalLog",
                    false,
                    [](TargetFacts& f) {
                      f.mount->fs_type = "xfs";
                      f.mount->super_options = "rw,logdev=/dev/vdc";
                    },
                    ErrorKind::kUnsupported,
                    "journal on another device"},
        RefusalCase{"ExternalLogInFstab",
                    false,
                    [](TargetFacts& f) {
                      f.mount.reset();
                      f.fstab_options = "noatime,logdev=/dev/vdc";
                    },
                    ErrorKind::kUnsupported,
                    "journal on another device"},
        RefusalCase{"RealtimeSection",
                    false,
                    [](TargetFacts& f) {
                      f.mount->fs_type = "xfs";
                      f.mount->super_options = "rw,rtdev=/dev/vdc,noquota";
                    },
                    ErrorKind::kUnsupported,
                    "realtime section"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kdump::mkdumprd
