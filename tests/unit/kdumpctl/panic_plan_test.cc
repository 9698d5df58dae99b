// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/panic_plan.h"

#include "kdumpctl/armed_state.h"
#include "tests/support/golden.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace kdump::ctl {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class PanicPlanTest : public testing::Test {
 protected:
  PanicPlanTest() {
    host_.tree.write("/etc/sysconfig/kdump",
                     "KDUMP_COMMANDLINE_REMOVE=ro\nKDUMP_COMMANDLINE_APPEND=nr_cpus=1\n"
                     "KEXEC_ARGS=-c\n");
    host_.tree.write(kVerbHostImage, "070701 built before\n");
  }

  PanicPlan plan() {
    const Context context{host_.tree.root(), Log("kdump", LogLevel::kError), host_};
    const auto settings = load_settings(context.root, context.log);
    const auto target = find_capture_kernel(context.root, settings->sysconfig);
    auto planned = plan_panic(context, *settings, *target);
    EXPECT_TRUE(planned) << planned.error().message;
    return std::move(*planned);
  }

  VerbHost host_;
};

TEST_F(PanicPlanTest, ForPeople) {
  test::expect_golden("kdumpctl/plan.txt", host_.without_folder(plan_text(plan(), {})));
}

TEST_F(PanicPlanTest, ForPrograms) {
  const PanicPlan planned = plan();
  const auto json = Json::parse(plan_json(planned, {RebuildDecision::Kind::kStale, {"/a", "/b"}}));
  EXPECT_EQ(json["kernel"], kVerbHostKernel);
  EXPECT_EQ(json["image"], kVerbHostImage);
  EXPECT_EQ(json["image_state"], "stale");
  EXPECT_EQ(json["changed"], Json({"/a", "/b"}));
  EXPECT_EQ(json["syscall"], "kexec_load");
  EXPECT_EQ(json["reason"], planned.prepared.load.choice.reason);
  const auto& changes = json["command_line"]["changes"];
  EXPECT_THAT(
      changes,
      testing::Contains(Json(
          {{"change", "added"}, {"text", "nr_cpus=1"}, {"reason", "KDUMP_COMMANDLINE_APPEND"}})));
  EXPECT_THAT(
      changes,
      testing::Contains(
          Json({{"change", "removed"}, {"text", "ro"}, {"reason", "KDUMP_COMMANDLINE_REMOVE"}})));
  std::uint64_t segments = 0;
  for (const auto& segment : json["segments"]) segments += segment["size"].get<std::uint64_t>();
  EXPECT_EQ(json["need"]["segments"], segments);
  EXPECT_EQ(json["reserved"]["size"], planned.prepared.load.plan.region.size());
  EXPECT_EQ(json["e820"].size(), planned.prepared.load.plan.e820.size());
  EXPECT_EQ(json["vmcore"][0]["kind"], "cpu-note");
}

TEST_F(PanicPlanTest, TheKeyOfATargetThatIsNotThereIsKept) {
  ArmedState state;
  state.volume_keys = {"03813836-56e6-1ab3-b58e-27507ac41937"};
  ASSERT_TRUE(write_armed_state(host_.tree.root(), state));
  EXPECT_THAT(plan().prepared.order.volume_keys, testing::IsEmpty()) << "the path is there";
  host_.tree.write("/etc/kdump.conf", "ext4 /dev/mapper/luks-dumps\n");
  const PanicPlan planned = plan();
  EXPECT_EQ(planned.prepared.order.volume_keys, state.volume_keys);
  EXPECT_THAT(planned.notes, testing::ElementsAre(HasSubstr("keeps the key of the volume 0381")));
}

TEST_F(PanicPlanTest, WhatWouldBecomeOfTheImageIsSaid) {
  using Kind = RebuildDecision::Kind;
  EXPECT_THAT(plan_text(plan(), {Kind::kCurrent, {}}), HasSubstr("kdump.img: current\n"));
  EXPECT_THAT(plan_text(plan(), {Kind::kStale, {"/etc/kdump.conf"}}),
              HasSubstr("would be built again: /etc/kdump.conf\n"));
  EXPECT_THAT(plan_text(plan(), {Kind::kForced, {}}), HasSubstr("force_rebuild is set\n"));
}

TEST_F(PanicPlanTest, NothingIsLoadedOrBuilt) {
  plan();
  EXPECT_TRUE(host_.loads.empty());
  EXPECT_TRUE(host_.builds.empty());
}

}  // namespace
}  // namespace kdump::ctl
