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
  plan.modules = {{"/usr/lib/modules/6.1.0-9-amd64/dummy.ko", ""}};
  PlannedTarget local;
  local.name = "ext4 LABEL=dumps";
  local.host_name = "127.0.0.1";
  local.modules = {{"/usr/lib/modules/6.1.0-9-amd64/virtio_blk.ko", ""},
                   {"/usr/lib/modules/6.1.0-9-amd64/ext4.ko", "a=1 b=\"x y\""}};
  PlannedFileSystem place;
  place.fs_type = "ext4";
  place.device = PlannedDevice{PlannedDevice::By::kLabel, "k\xc3\xa4se \"1\""};
  place.mount_flags = 1024;
  place.mount_data = "data=ordered";
  place.directory = "/var/crash";
  local.place = place;
  local.volumes = {PlannedRaid{"aa:bb", "1.2", 2},
                   PlannedLogicalVolume{"vg-lv", "uu"},
                   PlannedEncrypted{"luks-x", "0381", "aes-xts-plain64", 32768, 0, 7, 4096},
                   PlannedMultipath{"mpatha", "mpath-36", "naa.6", "alua", {"0000:00:05.0", "x"}},
                   PlannedPartition{"mpatha-part1", "mpath-36", 1},
                   PlannedIscsi{"iqn.x:me", "iqn.x:t", 1, "192.0.2.7", 3260, "u", "p", "v", "q"}};
  PlannedTarget share = local;
  share.name = "virtiofs dumps";
  place.fs_type = "virtiofs";
  place.device.reset();
  place.source = "dumps";
  share.place = place;
  PlannedTarget raw = local;
  raw.place = PlannedRaw{{PlannedDevice::By::kPartUuid, "12-34"}};
  PlannedTarget ssh = local;
  ssh.place = PlannedSsh{"log.example",
                         {"192.0.2.1", "2001:db8::1"},
                         2222,
                         "dump",
                         "/etc/kdump/ssh/key",
                         "/etc/kdump/ssh/known_hosts",
                         "/dumps"};
  plan.targets = {local, share, raw, ssh};
  plan.hooks.pre = {{"/usr/bin/decide", true}, {"/etc/kdump/pre.d/10-x", false}};
  plan.hooks.post = {{"/etc/kdump/post.d/10-y", false}};
  plan.hooks.emergency = {{"/usr/bin/cry", false}};
  plan.collector = {kImageCollectorPath, "-d", "31"};
  plan.keep_dumps = 3;
  plan.keep_free = 1U << 31U;
  plan.fence_kdump = PlannedFenceKdump{{"192.0.2.5", "2001:db8::5"}, 7411, 5, 100};
  plan.watchdog = true;
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
  for (const By by : {By::kUuid,
                      By::kLabel,
                      By::kPartUuid,
                      By::kPartLabel,
                      By::kWwid,
                      By::kSerial,
                      By::kMapped,
                      By::kPath}) {
    CapturePlan plan = sample_plan();
    std::get<PlannedFileSystem>(plan.targets[0].place).device = PlannedDevice{by, "/dev/vda1"};
    const auto again = capture_plan_from_json(to_json(plan));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, plan);
  }
}

TEST(CapturePlan, IsTheSameTextEachTimeInAFixedOrder) {
  const std::string text = to_json(sample_plan());
  EXPECT_EQ(text, to_json(sample_plan()));
  EXPECT_TRUE(text.starts_with("{\n  \"version\": 2,\n  \"kernel_release\": \"6.1.0-9-amd64\",\n"));
  EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(CapturePlan, TextThatIsNotUtf8DoesNotThrow) {
  CapturePlan plan = sample_plan();
  plan.targets[0].host_name = "a\xff";
  const auto again = capture_plan_from_json(to_json(plan));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->targets[0].host_name, "a\xef\xbf\xbd");
}

struct Damage {
  const char* field;
  std::function<void(ordered_json&)> apply;
};

TEST(CapturePlan, NamesTheFieldThatIsWrong) {
  const std::vector<Damage> table = {
      {"version 3", [](ordered_json& j) { j["version"] = 3; }},
      {"version is not a number", [](ordered_json& j) { j["version"] = "1"; }},
      {"version is missing", [](ordered_json& j) { j.erase("version"); }},
      {"shell is not a known field", [](ordered_json& j) { j["shell"] = "sh"; }},
      {"kernel_release is missing", [](ordered_json& j) { j.erase("kernel_release"); }},
      {"kernel_release is not a text", [](ordered_json& j) { j["kernel_release"] = 6; }},
      {"targets[0].host_name cannot be",
       [](ordered_json& j) { j["targets"][0]["host_name"] = "../x"; }},
      {"targets[1].host_name cannot be",
       [](ordered_json& j) { j["targets"][1]["host_name"] = ""; }},
      {"modules is not a list", [](ordered_json& j) { j["modules"] = "x"; }},
      {"targets[0].modules[1].path does not begin",
       [](ordered_json& j) { j["targets"][0]["modules"][1]["path"] = "x"; }},
      {"targets[0].modules[0].path contains '..'",
       [](ordered_json& j) { j["targets"][0]["modules"][0]["path"] = "/a/../b"; }},
      {"targets[0].modules[0].options contains a NUL",
       [](ordered_json& j) { j["targets"][0]["modules"][0]["options"] = std::string("a\0b", 3); }},
      {"targets[0].modules[0] is not an object",
       [](ordered_json& j) { j["targets"][0]["modules"][0] = nullptr; }},
      {"modules has too many",
       [](ordered_json& j) { j["modules"] = std::vector<ordered_json>(5000, j["modules"][0]); }},
      {"targets is missing", [](ordered_json& j) { j.erase("targets"); }},
      {"targets is empty", [](ordered_json& j) { j["targets"] = ordered_json::array(); }},
      {"targets[0] is not an object",
       [](ordered_json& j) { j["targets"][0] = ordered_json::array(); }},
      {"targets[0].file_system.fs_type is empty",
       [](ordered_json& j) { j["targets"][0]["file_system"]["fs_type"] = ""; }},
      {"targets[0].file_system.device.by is no",
       [](ordered_json& j) { j["targets"][0]["file_system"]["device"]["by"] = "luck"; }},
      {"targets[0].file_system.device.value is empty",
       [](ordered_json& j) { j["targets"][0]["file_system"]["device"]["value"] = ""; }},
      {"targets[0].file_system.device.value does not begin",
       [](ordered_json& j) {
         j["targets"][0]["file_system"]["device"]["by"] = "path";
         j["targets"][0]["file_system"]["device"]["value"] = "vda1";
       }},
      {"targets[0].file_system.mount_flags asks for a read-only",
       [](ordered_json& j) { j["targets"][0]["file_system"]["mount_flags"] = 1025; }},
      {"targets[0].file_system.mount_flags is not a number",
       [](ordered_json& j) { j["targets"][0]["file_system"]["mount_flags"] = -1; }},
      {"targets[0].file_system.mount_flags is not a number",
       [](ordered_json& j) { j["targets"][0]["file_system"]["mount_flags"] = 1.5; }},
      {"targets[0].file_system.directory does not begin",
       [](ordered_json& j) { j["targets"][0]["file_system"]["directory"] = "x"; }},
      {"targets[1].file_system.source is empty",
       [](ordered_json& j) { j["targets"][1]["file_system"]["source"] = ""; }},
      {"targets[0].volumes[5].address is no IP address",
       [](ordered_json& j) { j["targets"][0]["volumes"][5]["address"] = "filer"; }},
      {"targets[0].volumes[5].port is out of range",
       [](ordered_json& j) { j["targets"][0]["volumes"][5]["port"] = 65536; }},
      {"targets[0].volumes[3].paths has an impossible",
       [](ordered_json& j) { j["targets"][0]["volumes"][3]["paths"] = ordered_json::array(); }},
      {"targets[0].volumes[3].handler is not one word",
       [](ordered_json& j) { j["targets"][0]["volumes"][3]["handler"] = "alua 2"; }},
      {"targets[0].volumes[2].cipher is not one word",
       [](ordered_json& j) { j["targets"][0]["volumes"][2]["cipher"] = "a b"; }},
      {"targets[0].volumes[4].number is out of range",
       [](ordered_json& j) { j["targets"][0]["volumes"][4]["number"] = 0; }},
      {"targets[0].volumes[0].members is out of range",
       [](ordered_json& j) { j["targets"][0]["volumes"][0]["members"] = 0; }},
      {"targets[0].volumes[1].uuid is empty",
       [](ordered_json& j) { j["targets"][0]["volumes"][1]["uuid"] = ""; }},
      {"targets[2].raw.by is no", [](ordered_json& j) { j["targets"][2]["raw"]["by"] = "x"; }},
      {"targets[3].ssh.port is out of",
       [](ordered_json& j) { j["targets"][3]["ssh"]["port"] = 0; }},
      {"targets[3].ssh.port is out of",
       [](ordered_json& j) { j["targets"][3]["ssh"]["port"] = 65536; }},
      {"targets[3].ssh.addresses are no",
       [](ordered_json& j) { j["targets"][3]["ssh"]["addresses"] = {"log.example"}; }},
      {"targets[3].ssh.addresses are no",
       [](ordered_json& j) { j["targets"][3]["ssh"]["addresses"] = ordered_json::array(); }},
      {"targets[3].ssh.user is empty",
       [](ordered_json& j) { j["targets"][3]["ssh"]["user"] = ""; }},
      {"targets[3].ssh.key contains",
       [](ordered_json& j) { j["targets"][3]["ssh"]["key"] = "/etc/../x"; }},
      {"targets[3].ssh.known_hosts is missing",
       [](ordered_json& j) { j["targets"][3]["ssh"].erase("known_hosts"); }},
      {"hooks.pre[0].decides is neither",
       [](ordered_json& j) { j["hooks"]["pre"][0]["decides"] = 1; }},
      {"hooks.post[0].path does not begin",
       [](ordered_json& j) { j["hooks"]["post"][0]["path"] = "y"; }},
      {"hooks.emergency is missing", [](ordered_json& j) { j["hooks"].erase("emergency"); }},
      {"keep_dumps is not a number", [](ordered_json& j) { j["keep_dumps"] = "3"; }},
      {"fence_kdump.interval is out", [](ordered_json& j) { j["fence_kdump"]["interval"] = 0; }},
      {"fence_kdump.port is out", [](ordered_json& j) { j["fence_kdump"]["port"] = 70000; }},
      {"fence_kdump.addresses are no",
       [](ordered_json& j) { j["fence_kdump"]["addresses"] = {"beta"}; }},
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
