// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/spill_area.h"

#include "capture/agent/failure_record.h"
#include "config/spill_area.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Spill : public testing::Test, public CaptureFixture {
 protected:
  Spill() {
    add_device("vdb1");
    identities["/dev/vdb1"].part_uuid = "12-34";
    tree.write("/dev/vdb1", std::string(config::kLeastSpillArea, '\0'));
    config::PlannedTarget target;
    target.modules = {{"/lib/disk.ko", ""}};
    target.place = config::PlannedRaw{{config::PlannedDevice::By::kPartUuid, "12-34"}};
    plan.spill = config::PlannedSpill{target, config::kLeastSpillArea};
  }
  [[nodiscard]] std::optional<config::SpillContent> left() const {
    const auto device = Fd::open(tree.path("/dev/vdb1"), O_RDONLY);
    EXPECT_TRUE(device);
    auto content = config::read_spill_area(device->raw());
    return content ? *content : std::nullopt;
  }
};

TEST_F(Spill, RecordAndMessagesGoToTheDevice) {
  const auto device = leave_in_spill_area(context(), "why\n", "panic\n");
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*device, "/dev/vdb1");
  EXPECT_THAT(system.calls_to("module"), ElementsAre("module /lib/disk.ko ''"));
  ASSERT_TRUE(left());
  EXPECT_EQ(left()->record, "why\n");
  EXPECT_EQ(left()->dmesg, "panic\n");
}

TEST_F(Spill, SomebodysDataStays) {
  identities["/dev/vdb1"].fs_type = "xfs";
  const auto refused = leave_in_spill_area(context(), "why\n", "panic\n");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the spill device /dev/vdb1 carries xfs"));
  identities["/dev/vdb1"].fs_type.clear();
  tree.write("/sys/class/block/vdb1/vdb1p1/partition", "1\n");
  const auto again = leave_in_spill_area(context(), "why\n", "panic\n");
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("carries partitions"));
  EXPECT_FALSE(left());
}

TEST_F(Spill, ItIsPartOfTheLastResort) {
  log.error("nothing worked");
  leave_evidence(tree.root(), system, log, plan, Clock::now() + std::chrono::seconds(60));
  ASSERT_TRUE(left());
  EXPECT_THAT(left()->record, HasSubstr("ERROR: nothing worked"));
  EXPECT_EQ(left()->dmesg, "a stream");
  EXPECT_THAT(recorded(), HasSubstr("are kept at the head of /dev/vdb1"));
  EXPECT_THAT(recorded(), Not(HasSubstr("on this console only")));
}

TEST_F(Spill, ADeviceThatIsGoneIsSaid) {
  identities["/dev/vdb1"].part_uuid = "other";
  leave_evidence(tree.root(), system, log, plan, Clock::now() + std::chrono::seconds(60));
  EXPECT_THAT(recorded(),
              HasSubstr("ERROR: nothing is left in the spill area: the dump target "
                        "PARTUUID=12-34 did not appear"));
}

}  // namespace
}  // namespace kdump::agent
