// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/capture_plan.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace kdump::config {
namespace {

using nlohmann::ordered_json;

PlannedInterface card(const std::string& name, const std::string& address) {
  return {name, PlannedEthernet{address, "virtio_net", "/sys/devices/x"}, "", 1500, {}};
}

/// A VLAN on a bond below a bridge, reached over IPv4 and IPv6.
PlannedNetwork stacked_network() {
  PlannedNetwork network;
  network.node_name = "db1.example.net";
  network.interfaces = {card("ens1", "52:54:00:00:00:01"), card("ens2", "52:54:00:00:00:02")};
  PlannedBond bond{{{"mode", "active-backup"}, {"miimon", "100"}}, {"ens1", "ens2"}, "ens1"};
  network.interfaces.push_back({"bond0", bond, "52:54:00:00:00:01", 9000, {}});
  network.interfaces.push_back({"bond0.7", PlannedVlan{"bond0", 7, true}, "", 1500, {}});
  network.interfaces.push_back({"br0",
                                PlannedBridge{{{"stp_state", "0"}}, {"bond0.7"}},
                                "",
                                0,
                                {{"192.0.2.7", 24}, {"2001:db8::7", 64}}});
  network.routes = {{"192.0.2.1", 32, "", "br0", ""},
                    {"198.51.100.9", 32, "192.0.2.1", "br0", "192.0.2.7"},
                    {"::", 0, "fe80::1", "br0", ""}};
  return network;
}

CapturePlan sample_plan() {
  CapturePlan plan;
  PlannedTarget target;
  target.name = "nfs filer:/dumps";
  target.host_name = "192.0.2.7";
  target.network = stacked_network();
  target.place = PlannedNfs{"filer",
                            "/dumps",
                            {"198.51.100.9", "2001:db8:9::9"},
                            {"4.2", "3"},
                            1024,
                            "proto=tcp,soft",
                            "/var/crash"};
  plan.targets = {target};
  plan.collector = {kImageCollectorPath};
  return plan;
}

TEST(NetworkPlan, SurvivesTheWayThroughJson) {
  const CapturePlan plan = sample_plan();
  const auto again = capture_plan_from_json(to_json(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, plan);
}

struct Damage {
  const char* field;
  std::function<void(ordered_json&)> apply;  ///< to the target
};

TEST(NetworkPlan, NamesTheFieldThatIsWrong) {
  const auto interface = [](ordered_json& j, std::size_t i) -> ordered_json& {
    return j["network"]["interfaces"][i];
  };
  const std::vector<Damage> table = {
      {"network.node_name is missing", [](ordered_json& j) { j["network"].erase("node_name"); }},
      {"network.dhcp is not a known", [](ordered_json& j) { j["network"]["dhcp"] = true; }},
      {"interfaces[0].name is no name",
       [&](ordered_json& j) { interface(j, 0)["name"] = "../../etc"; }},
      {"interfaces[0].name is no name",
       [&](ordered_json& j) { interface(j, 0)["name"] = "sixteen_letters_"; }},
      {"interfaces[0].name is no name", [&](ordered_json& j) { interface(j, 0)["name"] = ".."; }},
      {"interfaces[0].ethernet.permanent_address is no Eth",
       [&](ordered_json& j) { interface(j, 0)["ethernet"]["permanent_address"] = "52:54"; }},
      {"interfaces[0].ethernet has neither",
       [&](ordered_json& j) {
         interface(j, 0)["ethernet"]["permanent_address"] = "";
         interface(j, 0)["ethernet"]["device"] = "";
       }},
      {"interfaces[0].ethernet is missing",
       [&](ordered_json& j) { interface(j, 0).erase("ethernet"); }},
      {"interfaces[2].mac_address is no Eth",
       [&](ordered_json& j) { interface(j, 2)["mac_address"] = "52:54:00:00:00:0g"; }},
      {"interfaces[2].mtu is out of range",
       [&](ordered_json& j) { interface(j, 2)["mtu"] = 1ULL << 31U; }},
      {"interfaces[2].bond.settings[0].name is no name",
       [&](ordered_json& j) { interface(j, 2)["bond"]["settings"][0]["name"] = "../mode"; }},
      {"interfaces[2].bond.settings[0].value is empty",
       [&](ordered_json& j) { interface(j, 2)["bond"]["settings"][0]["value"] = ""; }},
      {"network.interfaces are not in order",
       [&](ordered_json& j) { interface(j, 2)["bond"]["ports"][0] = "ens9"; }},
      {"network.interfaces are not in order",
       [&](ordered_json& j) { interface(j, 1)["name"] = "ens1"; }},
      {"network.interfaces are not in order",
       [&](ordered_json& j) { std::swap(interface(j, 3), interface(j, 4)); }},
      {"interfaces[3].vlan.id is out of range",
       [&](ordered_json& j) { interface(j, 3)["vlan"]["id"] = 0; }},
      {"interfaces[3].vlan.id is out of range",
       [&](ordered_json& j) { interface(j, 3)["vlan"]["id"] = 4095; }},
      {"interfaces[4].addresses[0].address is no IP",
       [&](ordered_json& j) { interface(j, 4)["addresses"][0]["address"] = "192.0.2.300"; }},
      {"interfaces[4].addresses[0].prefix_length is out",
       [&](ordered_json& j) { interface(j, 4)["addresses"][0]["prefix_length"] = 33; }},
      {"routes[0].destination is no IP",
       [](ordered_json& j) { j["network"]["routes"][0]["destination"] = ""; }},
      {"routes[2].prefix_length is out",
       [](ordered_json& j) { j["network"]["routes"][2]["prefix_length"] = 129; }},
      {"routes[2].gateway is no IP",
       [](ordered_json& j) { j["network"]["routes"][2]["gateway"] = "gw"; }},
      {"network.routes name an unknown",
       [](ordered_json& j) { j["network"]["routes"][1]["interface"] = "eth0"; }},
      {"nfs.export does not begin", [](ordered_json& j) { j["nfs"]["export"] = "dumps"; }},
      {"nfs.addresses are no IP", [](ordered_json& j) { j["nfs"]["addresses"][1] = "filer"; }},
      {"nfs.addresses are no IP",
       [](ordered_json& j) { j["nfs"]["addresses"] = ordered_json::array(); }},
      {"nfs.versions is empty",
       [](ordered_json& j) { j["nfs"]["versions"] = ordered_json::array(); }},
      {"nfs.mount_flags asks for a read-only",
       [](ordered_json& j) { j["nfs"]["mount_flags"] = 1; }},
  };
  const auto good = ordered_json::parse(to_json(sample_plan()));
  for (const Damage& damage : table) {
    ordered_json json = good;
    damage.apply(json["targets"][0]);
    const auto plan = capture_plan_from_json(json.dump());
    ASSERT_FALSE(plan) << damage.field;
    EXPECT_EQ(plan.error().kind, ErrorKind::kBadData);
    EXPECT_THAT(plan.error().message, testing::HasSubstr(damage.field));
  }
}

}  // namespace
}  // namespace kdump::config
