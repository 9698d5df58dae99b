// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/virtiofs_target.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace kdump::mkdumprd {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kDevice = "/sys/devices/pci0000:00/0000:00:07.0/virtio5";

class VirtiofsTarget : public testing::Test {
 protected:
  VirtiofsTarget() {
    host_.tree().write(std::string(kDevice) + "/modalias", "virtio:d0000001Av00001AF4\n");
    host_.add_driver(kDevice, "virtiofs", "virtiofs");
    host_.tree().link("/sys/bus/virtio/drivers/virtiofs/virtio5",
                      std::string("../../../..") + (kDevice + 4));
    mount("rw");
    host_.tree().make_directory("/mnt/var/crash");
  }
  void mount(const std::string& options) const {
    host_.mount_table("20 1 0:5 / / rw - ext4 /dev/vda rw\n21 20 0:40 / /mnt " + options +
                      " - virtiofs dumps rw\n");
  }
  [[nodiscard]] Result<VirtiofsPlan> plan(const std::string& tag = "dumps") const {
    return plan_virtiofs(host_.root(), TRY(MountTable::read(host_.root())), {tag}, "/var/crash");
  }
  test::TestHost host_;
};

TEST_F(VirtiofsTarget, IsMountedByItsTagWithTheDriversOfItsDevice) {
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->place.fs_type, "virtiofs");
  EXPECT_EQ(planned->place.source, "dumps");
  EXPECT_FALSE(planned->place.device);
  EXPECT_EQ(planned->place.directory, "/var/crash");
  EXPECT_THAT(planned->facts.device.stack, Contains(Field(&StackDevice::module, "virtiofs")));
  EXPECT_THAT(planned->warnings, IsEmpty());
}

TEST_F(VirtiofsTarget, OneThatIsNotMountedIsTakenWithAWarning) {
  const auto planned = plan("other");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->warnings, SizeIs(1));
}

TEST_F(VirtiofsTarget, ReadOnlyWithoutThePathAndWithoutADeviceIsRefused) {
  mount("ro");
  EXPECT_THAT(plan().error().message, HasSubstr("read-only on /mnt"));
  mount("rw");
  std::filesystem::remove_all(host_.tree().path("/mnt/var"));
  EXPECT_THAT(plan().error().message, HasSubstr("does not exist in dump target"));
  std::filesystem::remove_all(host_.tree().path("/sys/bus/virtio"));
  EXPECT_THAT(plan().error().message, HasSubstr("no virtiofs device"));
}

}  // namespace
}  // namespace kdump::mkdumprd
