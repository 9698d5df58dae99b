// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/capture_plan.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace kdump::config {
namespace {

using nlohmann::ordered_json;

CapturePlan sample_plan() {
  CapturePlan plan;
  plan.kernel_release = "6.1.0-9-amd64";
  plan.host_name = "127.0.0.1";
  plan.modules = {{"/usr/lib/modules/6.1.0-9-amd64/virtio_blk.ko", ""},
                  {"/usr/lib/modules/6.1.0-9-amd64/ext4.ko", "a=1 b=\"x y\""}};
  plan.target = {
      "ext4", {PlannedDevice::By::kLabel, "k\xc3\xa4se \"1\""}, 1024, "data=ordered", "/var/crash"};
  plan.collector = {kImageCollectorPath, "-d", "31"};
  plan.deadlines.device = 17;
  plan.failure_action = FailureAction::kDumpToRootfs;
  plan.final_action = FinalAction::kPoweroff;
  return plan;
}

TEST(CapturePlan, SurvivesTheWayThroughJson) {
  const CapturePlan plan = sample_plan();
  const auto again = capture_plan_from_json(to_json(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, plan);
}

TEST(CapturePlan, EveryKindOfDeviceSurvives) {
  using By = PlannedDevice::By;
  for (const By by : {By::kUuid, By::kLabel, By::kPartUuid, By::kPartLabel, By::kPath}) {
    CapturePlan plan = sample_plan();
    plan.target.device = {by, "/dev/vda1"};
    const auto again = capture_plan_from_json(to_json(plan));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, plan);
  }
}

TEST(CapturePlan, IsTheSameTextEachTimeInAFixedOrder) {
  const std::string text = to_json(sample_plan());
  EXPECT_EQ(text, to_json(sample_plan()));
  EXPECT_TRUE(text.starts_with("{\n  \"version\": 1,\n  \"kernel_release\": \"6.1.0-9-amd64\",\n"));
  EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(CapturePlan, TextThatIsNotUtf8DoesNotThrow) {
  CapturePlan plan = sample_plan();
  plan.host_name = "a\xff";
  const auto again = capture_plan_from_json(to_json(plan));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->host_name, "a\xef\xbf\xbd");
}

struct Damage {
  const char* field;
  std::function<void(ordered_json&)> apply;
};

TEST(CapturePlan, NamesTheFieldThatIsWrong) {
  const std::vector<Damage> table = {
      {"version 2", [](ordered_json& j) { j["version"] = 2; }},
      {"version is not a number", [](ordered_json& j) { j["version"] = "1"; }},
      {"version is missing", [](ordered_json& j) { j.erase("version"); }},
      {"shell is not a known field", [](ordered_json& j) { j["shell"] = "sh"; }},
      {"kernel_release is missing", [](ordered_json& j) { j.erase("kernel_release"); }},
      {"kernel_release is not a text", [](ordered_json& j) { j["kernel_release"] = 6; }},
      {"host_name cannot be", [](ordered_json& j) { j["host_name"] = "../x"; }},
      {"host_name cannot be", [](ordered_json& j) { j["host_name"] = ""; }},
      {"modules is not a list", [](ordered_json& j) { j["modules"] = "x"; }},
      {"modules[1].path does not begin", [](ordered_json& j) { j["modules"][1]["path"] = "x"; }},
      {"modules[0].path contains '..'",
       [](ordered_json& j) { j["modules"][0]["path"] = "/a/../b"; }},
      {"modules[0].options contains a NUL",
       [](ordered_json& j) { j["modules"][0]["options"] = std::string("a\0b", 3); }},
      {"modules[0] is not an object", [](ordered_json& j) { j["modules"][0] = nullptr; }},
      {"modules has too many",
       [](ordered_json& j) { j["modules"] = std::vector<ordered_json>(5000, j["modules"][0]); }},
      {"target is missing", [](ordered_json& j) { j.erase("target"); }},
      {"target is not an object", [](ordered_json& j) { j["target"] = ordered_json::array(); }},
      {"target.fs_type is empty", [](ordered_json& j) { j["target"]["fs_type"] = ""; }},
      {"target.device.by is not", [](ordered_json& j) { j["target"]["device"]["by"] = "luck"; }},
      {"target.device.value is empty",
       [](ordered_json& j) { j["target"]["device"]["value"] = ""; }},
      {"target.device.value does not begin",
       [](ordered_json& j) {
         j["target"]["device"]["by"] = "path";
         j["target"]["device"]["value"] = "vda1";
       }},
      {"target.mount_flags asks for a read-only",
       [](ordered_json& j) { j["target"]["mount_flags"] = 1025; }},
      {"target.mount_flags is not a number",
       [](ordered_json& j) { j["target"]["mount_flags"] = -1; }},
      {"target.mount_flags is not a number",
       [](ordered_json& j) { j["target"]["mount_flags"] = 1.5; }},
      {"target.directory does not begin", [](ordered_json& j) { j["target"]["directory"] = "x"; }},
      {"collector is empty", [](ordered_json& j) { j["collector"] = ordered_json::array(); }},
      {"collector is not a list", [](ordered_json& j) { j["collector"] = ordered_json::object(); }},
      {"collector is not a text", [](ordered_json& j) { j["collector"][1] = 7; }},
      {"collector does not begin", [](ordered_json& j) { j["collector"][0] = "cp"; }},
      {"deadlines.total is missing", [](ordered_json& j) { j["deadlines"].erase("total"); }},
      {"deadlines.sync is not between", [](ordered_json& j) { j["deadlines"]["sync"] = 0; }},
      {"deadlines.sync is not between",
       [](ordered_json& j) { j["deadlines"]["sync"] = 1U << 31U; }},
      {"failure_action is not a known", [](ordered_json& j) { j["failure_action"] = "pray"; }},
      {"final_action is not a known", [](ordered_json& j) { j["final_action"] = "shell"; }},
  };
  const auto good = ordered_json::parse(to_json(sample_plan()));
  for (const Damage& damage : table) {
    ordered_json json = good;
    damage.apply(json);
    const auto plan = capture_plan_from_json(json.dump());
    ASSERT_FALSE(plan) << damage.field;
    EXPECT_EQ(plan.error().kind, ErrorKind::kBadData);
    EXPECT_THAT(plan.error().message, testing::HasSubstr(damage.field));
  }
}

TEST(CapturePlan, RefusesTextThatIsNoPlan) {
  const std::string deep(1000000, '[');
  for (const std::string& text : {std::string(),
                                  std::string("{"),
                                  std::string("[]"),
                                  std::string("null"),
                                  std::string("\xff\xfe{}"),
                                  std::string("{} x"),
                                  deep,
                                  std::string(5U << 20U, ' ')}) {
    EXPECT_FALSE(capture_plan_from_json(text)) << text.substr(0, 20);
  }
}

TEST(CapturePlan, EveryTruncationIsRefused) {
  const std::string text = to_json(sample_plan());
  for (std::size_t length = 0; length + 2 < text.size(); ++length) {
    EXPECT_FALSE(capture_plan_from_json(std::string_view(text).substr(0, length)));
  }
}

}  // namespace
}  // namespace kdump::config
