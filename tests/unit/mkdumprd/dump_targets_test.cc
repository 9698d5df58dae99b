// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/dump_targets.h"

#include "tests/support/golden.h"
#include "tests/unit/mkdumprd/recorded_network.h"
#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kRootUuid = "99999999-89ab-cdef-0123-456789abcdef";
constexpr const char* kRootDevice = "/sys/devices/pci0000:00/0000:00:05.0/virtio2";

/// The root file system on vda, /var/crash on vdb.
class DumpTargetsTest : public testing::Test {
 protected:
  DumpTargetsTest() {
    host_.add_modules();
    host_.add_disk(kRootDevice, "vda", "254:0");
    host_.tree().write("/dev/vda", test::ext4_bytes(kRootUuid));
  }
  [[nodiscard]] Result<DumpTargets> plan() {
    const MountTable mounts = TRY(MountTable::read(host_.root()));
    const KernelFacts kernel = TRY(read_kernel(host_.root(), ""));
    return plan_dump_targets(host_.root(), mounts, kernel, network_, config_);
  }
  static std::string uuid_of(const DumpTargetPlan& plan) {
    const auto& place = std::get<config::PlannedFileSystem>(plan.target.place);
    return place.device ? place.device->value : "";
  }

  test::TestHost host_;
  test::RecordedNetwork network_{host_.tree()};
  config::KdumpConfig config_;
};

TEST_F(DumpTargetsTest, OneTargetWithItsModules) {
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(1));
  EXPECT_EQ(targets->plans[0].target.name, "/var/crash on /dev/vdb");
  EXPECT_EQ(targets->plans[0].target.host_name, "127.0.0.1");
  EXPECT_THAT(targets->plans[0].modules.modules, testing::Not(IsEmpty()));
}

TEST_F(DumpTargetsTest, ASpillDeviceComesWithItsModulesAndIsNoTarget) {
  constexpr const char* kSpare = "/sys/devices/pci0000:00/0000:00:06.0/virtio3";
  host_.add_disk(kSpare, "vdc", "254:32");
  host_.tree().write(std::string(kSpare) + "/modalias", "virtio:d00000002v00001AF4\n");
  host_.tree().write(std::string(kSpare) + "/block/vdc/serial", "spare\n");
  host_.tree().write(std::string(kSpare) + "/block/vdc/size", "4096\n");
  host_.tree().write("/dev/vdc", std::string(1U << 20U, '\0'));
  config_.spill_device = config::SpillDevice{"/dev/vdc", 0};
  auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->plans, SizeIs(1));
  ASSERT_TRUE(targets->spill);
  EXPECT_EQ(std::get<config::PlannedRaw>(targets->spill->target.place).device.value, "spare");
  EXPECT_THAT(targets->spill->modules.modules, testing::Not(IsEmpty()));
  EXPECT_EQ(targets->spill_size, 4096U * 512);

  config_.fallback_targets = {config::RawTarget{"/dev/vdc"}};
  targets = plan();
  ASSERT_FALSE(targets);
  EXPECT_THAT(targets.error().message,
              HasSubstr("\"spill_device /dev/vdc\" is a dump target, too"));
}

TEST_F(DumpTargetsTest, DumpToRootfsIsTheLastTarget) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(2));
  EXPECT_EQ(uuid_of(targets->plans[1]), kRootUuid);
  EXPECT_EQ(std::get<config::PlannedFileSystem>(targets->plans[1].target.place).directory,
            "/var/crash");
  EXPECT_THAT(targets->warnings, IsEmpty());
}

TEST_F(DumpTargetsTest, TheSameFileSystemIsNotTriedTwice) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  config_.target = config::FileSystemTarget{"ext4", "/dev/vda", "", ""};
  config_.path = "/";
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->plans, SizeIs(1));
}

TEST_F(DumpTargetsTest, ARootThatCannotBeUsedIsAWarning) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  host_.mount_table(
      "20 1 0:5 / / rw - tmpfs none rw\n"
      "21 20 254:16 / /var/crash rw,noatime - ext4 /dev/vdb rw\n");
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->plans, SizeIs(1));
  EXPECT_THAT(targets->warnings, ElementsAre(HasSubstr("dump_to_rootfs will save nothing")));
}

TEST_F(DumpTargetsTest, FallbacksComeInTheirOrderAndMustBeUsable) {
  config_.target = config::FileSystemTarget{"ext4", "/dev/vdb", "", ""};
  config_.fallback_targets = {config::FileSystemTarget{"ext4", "/dev/vda", "", ""}};
  config_.path = "/";
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(2));
  EXPECT_EQ(targets->plans[1].target.name, "ext4 /dev/vda");
  config_.fallback_targets = {config::FileSystemTarget{"ext4", "/dev/absent", "", ""}};
  EXPECT_FALSE(plan());
}

class NetworkTargets : public DumpTargetsTest {
 protected:
  NetworkTargets() {
    network_.add_card(2, "eth0");
    network_.add_address(2, "192.0.2.7", 24);
    network_.add_route("192.0.2.9", 2, "192.0.2.7");
    network_.names["filer"] = {test::ip("192.0.2.9")};
  }
};

TEST_F(NetworkTargets, AnNfsExportIsCalledByTheHostsAddress) {
  config_.target = config::NfsTarget{"filer", "/dumps", ""};
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(1));
  const config::PlannedTarget& target = targets->plans[0].target;
  EXPECT_EQ(target.name, "nfs filer:/dumps");
  EXPECT_EQ(target.host_name, "192.0.2.7");
  ASSERT_TRUE(target.network);
  EXPECT_THAT(target.network->interfaces, SizeIs(1));
  EXPECT_EQ(std::get<config::PlannedNfs>(target.place).directory, "/var/crash");
  ASSERT_THAT(targets->plans[0].hosts, SizeIs(1));
  EXPECT_EQ(targets->plans[0].hosts[0].name, "filer");
}

TEST_F(NetworkTargets, APathOnAMountOfNfsIsOnItsServer) {
  host_.mount_table(
      "20 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
      "21 20 0:52 / /var rw - nfs4 filer:/hosts/db1 rw,vers=4.2,addr=192.0.2.9\n");
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  const auto& nfs = std::get<config::PlannedNfs>(targets->plans.at(0).target.place);
  EXPECT_EQ(nfs.export_path, "/hosts/db1");
  EXPECT_EQ(nfs.directory, "/crash");
}

// A diskless host: root=/dev/nfs, or one that dracut mounted. /var/crash need not exist there.
constexpr const char* kNfsRoot =
    "20 1 0:20 / / rw,relatime - nfs 192.0.2.9:/hosts/db1 "
    "rw,vers=3,proto=tcp,nolock,addr=192.0.2.9\n";

TEST_F(NetworkTargets, ARootOnNfsIsTheLastTarget) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  config_.path = "/var/lib/dumps";
  config_.target = config::FileSystemTarget{"ext4", "/dev/vdb", "", ""};
  host_.mount_table(kNfsRoot);
  network_.names["192.0.2.9"] = {test::ip("192.0.2.9")};
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->warnings, ElementsAre(HasSubstr("/dev/vdb\" is not mounted")));
  ASSERT_THAT(targets->plans, SizeIs(2));
  const config::PlannedTarget& target = targets->plans[1].target;
  EXPECT_EQ(target.name, "nfs 192.0.2.9:/hosts/db1");
  EXPECT_EQ(target.host_name, "192.0.2.7");
  config::CapturePlan whole;
  whole.collector = {config::kImageCollectorPath};
  whole.targets = {targets->plans[0].target, target};
  kdump::test::expect_golden("mkdumprd/dump_to_root_on_nfs.json", config::to_json(whole));
}

TEST_F(NetworkTargets, ARootOnNfsThatIsTheTargetIsNotTriedTwice) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  host_.mount_table(kNfsRoot);
  network_.names["192.0.2.9"] = {test::ip("192.0.2.9")};
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->plans, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<config::PlannedNfs>(targets->plans[0].target.place));
}

TEST_F(NetworkTargets, ARootOnNfsThatCannotBeWrittenSaysSo) {
  config_.failure_action = config::FailureAction::kDumpToRootfs;
  config_.path = "/";
  config_.target = config::FileSystemTarget{"ext4", "/dev/vdb", "", ""};
  network_.names["192.0.2.9"] = {test::ip("192.0.2.9")};
  for (const auto& [root, reason] : {
           std::pair("20 1 0:20 / / ro - nfs4 192.0.2.9:/hosts/db1 ro,vers=4.2,addr=192.0.2.9\n",
                     "mounted read-only on /"),
           std::pair("20 1 0:20 / / rw - overlay overlay rw,lowerdir=/nfs,upperdir=/run/upper\n",
                     "lies on / (overlay)"),
       }) {
    host_.mount_table(root);
    const auto targets = plan();
    ASSERT_TRUE(targets) << targets.error().message;
    EXPECT_THAT(targets->plans, SizeIs(1));
    EXPECT_THAT(targets->warnings,
                testing::Contains(testing::AllOf(HasSubstr("dump_to_rootfs will save nothing"),
                                                 HasSubstr(reason))));
  }
}

TEST_F(DumpTargetsTest, TheWholePlanOfAStack) {
  test::RecordedNetwork stacked(host_.tree());
  stacked.add_stack();
  stacked.add_route("198.51.100.9", 6, "192.0.2.7", "192.0.2.1");
  stacked.names["filer"] = {test::ip("198.51.100.9")};
  config_.target = config::NfsTarget{"filer", "/dumps", ""};
  const auto mounts = MountTable::read(host_.root());
  const auto kernel = read_kernel(host_.root(), "");
  ASSERT_TRUE(mounts && kernel);
  auto targets = plan_dump_targets(host_.root(), *mounts, *kernel, stacked, config_);
  ASSERT_TRUE(targets) << targets.error().message;
  config::CapturePlan plan;
  plan.collector = {config::kImageCollectorPath};
  plan.targets = {targets->plans.at(0).target};
  const std::string text = config::to_json(plan);
  kdump::test::expect_golden("mkdumprd/nfs_over_bridge_vlan_bond.json", text);
  EXPECT_TRUE(config::capture_plan_from_json(text));
}

TEST_F(NetworkTargets, ALocalDiskCanBeTheFallback) {
  config_.target = config::NfsTarget{"filer", "/dumps", ""};
  config_.fallback_targets = {config::FileSystemTarget{"ext4", "/dev/vda", "", ""}};
  config_.path = "/";
  const auto targets = plan();
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_THAT(targets->plans, SizeIs(2));
  EXPECT_FALSE(targets->plans[1].target.network);
}

}  // namespace
}  // namespace kdump::mkdumprd
