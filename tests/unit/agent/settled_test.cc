// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/settled.h"

#include "capture/agent/volumes.h"
#include "tests/support/lvm_builder.h"
#include "tests/unit/agent/fake_system.h"

#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

struct Case {
  const char* name;
  config::PlannedVolume volume;
};

/// Volumes of which nothing is there: the kernel has said its last, and another target follows.
class GoneVolume : public testing::TestWithParam<Case>, public CaptureFixture {
 protected:
  GoneVolume() {
    plan.deadlines.device = 60;
    system.last_event = system.now();
    add_fallback();
    system.on_run = [this](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
      system.advance(std::chrono::seconds(1));
      return Result<ProgramEnd>(ProgramEnd{100, {.exit_code = 8, .signal = 0}, false});
    };
  }
  std::chrono::seconds wait_in_vain() {
    const Deadline start = system.now();
    EXPECT_FALSE(set_up_volumes(context(), {GetParam().volume}));
    return std::chrono::duration_cast<std::chrono::seconds>(system.now() - start);
  }
  static constexpr std::chrono::seconds kEarly{20};
  static constexpr std::chrono::seconds kLate{57};
};

TEST_P(GoneVolume, WhenTheKernelIsSilentTheNextTargetHasItsTurn) {
  EXPECT_LT(wait_in_vain(), kEarly);
}

TEST_P(GoneVolume, TheLastTargetHasItsWholeTime) {
  steps.set_target(1);
  EXPECT_GE(wait_in_vain(), kLate);
}

TEST_P(GoneVolume, ADriverAtWorkIsWaitedFor) {
  tree.write("/proc/modules", "ahci 1 0 - Loading 0x0\n");
  EXPECT_GE(wait_in_vain(), kLate);
}

INSTANTIATE_TEST_SUITE_P(
    AllKinds,
    GoneVolume,
    testing::Values(
        Case{"raid", config::PlannedRaid{"ra:id", "1.2", 2}},
        Case{"luks", config::PlannedEncrypted{"luks-x", "03-81", "aes-xts-plain64", 48, 0, 7, 512}},
        Case{"lvm", config::PlannedLogicalVolume{"vg-lin", test::lvm_uuid('L')}},
        Case{"multipath", config::PlannedMultipath{"mpatha", "mpath-35", "naa.5", "", {"0:5.0"}}},
        Case{
            "iscsi",
            config::PlannedIscsi{"iqn.x:me", "iqn.x:dumps", 3, "192.0.2.7", 3260, "", "", "", ""}}),
    [](const auto& one) { return one.param.name; });

class LateVolume : public testing::Test, public CaptureFixture {
 protected:
  LateVolume() {
    plan.deadlines.device = 60;
    system.last_event = system.now();
    add_fallback();
  }
};

TEST_F(LateVolume, AnArrayIsStartedWithoutAMemberThatWillNotCome) {
  identities["/dev/vda"] = {};
  identities["/dev/vda"].member_type = "linux_raid_member";
  identities["/dev/vda"].member_uuid = "ra:id";
  const Deadline start = system.now();
  EXPECT_TRUE(set_up_volumes(context(), {config::PlannedRaid{"ra:id", "1.2", 2}}));
  EXPECT_EQ(system.calls_to("raid").size(), 1U);
  EXPECT_LT(system.now() - start, std::chrono::seconds(20));
}

TEST_F(LateVolume, ADeviceThatDoesNotAnswerMayBeAMember) {
  system.on_identify = [this](const std::string&, Deadline deadline) -> Result<DeviceIdentity> {
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return make_error(ErrorKind::kTimeout, "examine: no answer");
  };
  const Deadline start = system.now();
  EXPECT_FALSE(set_up_volumes(context(), {config::PlannedRaid{"ra:id", "1.2", 2}}));
  EXPECT_GE(system.now() - start, std::chrono::seconds(60));
}

TEST_F(LateVolume, AnIscsiServerThatIsSilentHasASwitchsTime) {
  system.on_connect = [this](const std::string&, Deadline deadline) -> Status {
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return system_error(ETIMEDOUT, "192.0.2.7 port 3260");
  };
  const Deadline start = system.now();
  const auto status = set_up_volumes(
      context(),
      {config::PlannedIscsi{"iqn.x:me", "iqn.x:dumps", 3, "192.0.2.7", 3260, "", "", "", ""}});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("iqn.x:dumps does not answer"), std::string::npos);
  EXPECT_LE(system.now() - start, std::chrono::seconds(31));
  EXPECT_TRUE(system.calls_to("run").empty());
}

}  // namespace
}  // namespace kdump::agent
