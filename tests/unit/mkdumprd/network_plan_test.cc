// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/network_plan.h"

#include "tests/unit/mkdumprd/recorded_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using config::PlannedAddress;
using config::PlannedBond;
using config::PlannedBridge;
using config::PlannedEthernet;
using config::PlannedInterface;
using config::PlannedRoute;
using config::PlannedSetting;
using config::PlannedVlan;
using test::ip;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kServer = "198.51.100.9";

class PlanNetwork : public testing::Test {
 protected:
  [[nodiscard]] Result<NetworkPlan> plan(const std::vector<IpAddress>& servers = {ip(kServer)}) {
    return plan_network(tree_.root(), host_, "filer", servers);
  }
  NetworkPlan good_plan(const std::vector<IpAddress>& servers = {ip(kServer)}) {
    auto planned = plan(servers);
    EXPECT_TRUE(planned) << planned.error().message;
    return planned ? *planned : NetworkPlan();
  }
  std::string refusal() {
    const auto planned = plan();
    EXPECT_FALSE(planned);
    return planned ? "" : planned.error().message;
  }
  /// eth0 with 192.0.2.7/24, behind which the server is.
  void one_card() {
    host_.add_card(2, "eth0");
    host_.add_address(2, "192.0.2.7", 24);
    host_.add_route(kServer, 2, "192.0.2.7", "192.0.2.1");
  }
  static PlannedInterface interface(const NetworkPlan& plan, const std::string& name) {
    for (const PlannedInterface& row : plan.network.interfaces) {
      if (row.name == name) return row;
    }
    ADD_FAILURE() << "no interface " << name;
    return {};
  }
  static std::vector<std::string> names_of(const NetworkPlan& plan) {
    std::vector<std::string> out;
    for (const PlannedInterface& row : plan.network.interfaces) out.push_back(row.name);
    return out;
  }
  static std::vector<std::string> modules_of(const NetworkPlan& plan) {
    std::vector<std::string> out;
    for (const ModuleWish& wish : plan.modules) {
      out.insert(out.end(), wish.names.begin(), wish.names.end());
      out.insert(out.end(), wish.aliases.begin(), wish.aliases.end());
    }
    return out;
  }

  kdump::test::TempTree tree_;
  test::RecordedNetwork host_{tree_};
};

TEST_F(PlanNetwork, ACardAndTheWayOverItsGateway) {
  one_card();
  const NetworkPlan plan = good_plan();
  EXPECT_EQ(plan.network.node_name, "db1.example.net");
  const PlannedEthernet card{"52:54:00:00:00:02", "virtio_net", host_.device_of(2)};
  EXPECT_THAT(plan.network.interfaces,
              ElementsAre(PlannedInterface{"eth0", card, "", 1500, {{"192.0.2.7", 24}}}));
  EXPECT_THAT(plan.network.routes,
              ElementsAre(PlannedRoute{kServer, 32, "192.0.2.1", "eth0", "192.0.2.7"}));
  EXPECT_EQ(plan.source, "192.0.2.7");
  EXPECT_THAT(plan.addresses, ElementsAre(kServer));
  EXPECT_THAT(modules_of(plan), ElementsAre("virtio:d00000001v00001AF4"));
  EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST_F(PlanNetwork, AServerOnTheSameNetworkNeedsNoRoute) {
  one_card();
  host_.add_route("192.0.2.200", 2, "192.0.2.7");
  EXPECT_THAT(good_plan({ip("192.0.2.200")}).network.routes, IsEmpty());
}

TEST_F(PlanNetwork, AGatewayOutsideTheNetworkIsOnTheLink) {
  host_.add_card(2, "eth0");
  host_.add_address(2, "10.0.0.5", 32);
  host_.add_route(kServer, 2, "10.0.0.5", "169.254.1.1");
  EXPECT_THAT(good_plan().network.routes,
              ElementsAre(PlannedRoute{"169.254.1.1", 32, "", "eth0", ""},
                          PlannedRoute{kServer, 32, "169.254.1.1", "eth0", "10.0.0.5"}));
}

TEST_F(PlanNetwork, AServerOnTheLinkOutsideTheNetworkGetsARoute) {
  one_card();
  host_.add_route(kServer, 2, "192.0.2.7");
  EXPECT_THAT(good_plan().network.routes,
              ElementsAre(PlannedRoute{kServer, 32, "", "eth0", "192.0.2.7"}));
}

TEST_F(PlanNetwork, ASourceAddressOfAnotherInterfaceComesAlong) {
  one_card();
  host_.recorded.addresses = {{1, ip("203.0.113.4"), 24}};
  host_.add_route(kServer, 2, "203.0.113.4", "192.0.2.1");
  const NetworkPlan plan = good_plan();
  EXPECT_THAT(interface(plan, "eth0").addresses, ElementsAre(PlannedAddress{"203.0.113.4", 32}));
  EXPECT_THAT(plan.network.routes, SizeIs(2));
}

TEST_F(PlanNetwork, Ipv6OverALinkLocalRouter) {
  host_.add_card(2, "eth0");
  host_.add_address(2, "fe80::7", 64);
  host_.add_address(2, "2001:db8::7", 64);
  host_.add_route("2001:db8:9::9", 2, "2001:db8::7", "fe80::1");
  const NetworkPlan plan = good_plan({ip("2001:db8:9::9")});
  EXPECT_THAT(interface(plan, "eth0").addresses, ElementsAre(PlannedAddress{"2001:db8::7", 64}));
  EXPECT_THAT(plan.network.routes,
              ElementsAre(PlannedRoute{"2001:db8:9::9", 128, "fe80::1", "eth0", "2001:db8::7"}));
}

TEST_F(PlanNetwork, ATemporaryAddressIsReplacedByTheOneThatStays) {
  const char* server = "2001:db8:9::1";
  host_.add_card(2, "eth0");
  host_.add_address(2, "2001:db8::abcd", 64);
  host_.recorded.addresses.back().is_temporary = true;
  host_.add_route(server, 2, "2001:db8::abcd", "fe80::1");
  EXPECT_EQ(good_plan({ip(server)}).source, "2001:db8::abcd") << "there is no other";
  host_.add_address(2, "fe80::7", 64);
  host_.add_address(2, "2001:db8:1::7", 64);
  host_.add_address(2, "2001:db8::7", 64);
  const NetworkPlan planned = good_plan({ip(server)});
  EXPECT_EQ(planned.source, "2001:db8::7");
  EXPECT_THAT(interface(planned, "eth0").addresses, ElementsAre(PlannedAddress{"2001:db8::7", 64}));
  EXPECT_EQ(planned.network.routes.at(0).source, "2001:db8::7");
}

TEST_F(PlanNetwork, AnAddressWithoutARouteIsOnlyAWarning) {
  one_card();
  const NetworkPlan plan = good_plan({ip("2001:db8:9::9"), ip(kServer)});
  EXPECT_THAT(plan.addresses, ElementsAre(kServer));
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("no route to 2001:db8:9::9")));
  host_.routes.clear();
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("filer"), HasSubstr("no route to " + std::string(kServer))));
}

TEST_F(PlanNetwork, ACardWithAnAddressOfItsOwnKeepsIt) {
  one_card();
  host_.recorded.links[0].mac_address = "02:00:00:00:00:99";
  EXPECT_EQ(interface(good_plan(), "eth0").mac_address, "02:00:00:00:00:99");
}

TEST_F(PlanNetwork, DriversOfPhyAndPhysicalFunctionComeFirst) {
  one_card();
  const std::string mdio = "/sys/devices/pci0000:00/0000:00:02.0/mdio_bus/r8169/r8169:00";
  tree_.write(mdio + "/modalias", "mdio:001110011\n");
  tree_.link("/sys/class/net/eth0/phydev", "../../../.." + mdio);
  tree_.write("/sys/devices/pci0000:00/0000:00:1f.0/modalias", "pci:pf\n");
  tree_.link(host_.device_of(2) + "/physfn", "../0000:00:1f.0");
  EXPECT_THAT(modules_of(good_plan()),
              ElementsAre("mdio:001110011", "pci:pf", "virtio:d00000001v00001AF4"));
}

/// br0 on bond0.7 on bond0 on eth0 and eth1.
class PlanStack : public PlanNetwork {
 protected:
  PlanStack() {
    host_.add_stack();
    host_.add_route(kServer, 6, "192.0.2.7", "192.0.2.1");
  }
};

TEST_F(PlanStack, EachLayerAfterTheOneItLiesOn) {
  const NetworkPlan plan = good_plan();
  EXPECT_THAT(names_of(plan), ElementsAre("eth0", "eth1", "bond0", "bond0.7", "br0"));
  EXPECT_EQ(interface(plan, "eth0").mac_address, "");
  const PlannedInterface bond = interface(plan, "bond0");
  EXPECT_EQ(bond.mac_address, "52:54:00:00:00:04");
  EXPECT_EQ(bond.mtu, 9000U);
  EXPECT_EQ(std::get<PlannedBond>(bond.kind),
            (PlannedBond{{{"mode", "active-backup"},
                          {"fail_over_mac", "none"},
                          {"miimon", "100"},
                          {"arp_ip_target", "+192.0.2.1"},
                          {"arp_ip_target", "+192.0.2.2"}},
                         {"eth0", "eth1"},
                         "eth1"}));
  const PlannedInterface vlan = interface(plan, "bond0.7");
  EXPECT_EQ(std::get<PlannedVlan>(vlan.kind), (PlannedVlan{"bond0", 7, false}));
  EXPECT_EQ(vlan.mac_address, "");
  const PlannedInterface bridge = interface(plan, "br0");
  EXPECT_EQ(std::get<PlannedBridge>(bridge.kind),
            (PlannedBridge{{{"stp_state", "0"}}, {"bond0.7"}}));
  EXPECT_EQ(bridge.mac_address, "52:54:00:00:00:06");
  EXPECT_THAT(bridge.addresses, ElementsAre(PlannedAddress{"192.0.2.7", 24}));
  EXPECT_THAT(modules_of(plan), AllOf(Contains("bonding"), Contains("8021q"), Contains("bridge")));
}

TEST_F(PlanStack, TheSpanningTreeKeepsItsTimes) {
  host_.set("br0", "bridge/stp_state", "2");
  EXPECT_THAT(
      std::get<PlannedBridge>(interface(good_plan(), "br0").kind).settings,
      ElementsAre(PlannedSetting{"stp_state", "1"}, PlannedSetting{"forward_delay", "1500"}));
}

TEST_F(PlanStack, ABondWhoseAddressFollowsItsPortsIsGivenNone) {
  host_.set("bond0", "bonding/fail_over_mac", "active 1");
  EXPECT_EQ(interface(good_plan(), "bond0").mac_address, "");
}

TEST_F(PlanStack, APortThatCannotBeUsedIsAWarningAsLongAsThereIsAnother) {
  host_.recorded.links[0].kind = "tun";
  const NetworkPlan plan = good_plan();
  EXPECT_THAT(names_of(plan), ElementsAre("eth1", "bond0", "bond0.7", "br0"));
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("eth0 is of the kind \"tun\"")));
  host_.recorded.links[1].kind = "tun";
  EXPECT_THAT(refusal(), HasSubstr("bond0 is a bond without a port that can be used"));
}

TEST_F(PlanStack, SeveralAddressesShareTheInterfaces) {
  host_.add_route("198.51.100.10", 6, "192.0.2.7", "192.0.2.1");
  const NetworkPlan plan = good_plan({ip(kServer), ip("198.51.100.10")});
  EXPECT_THAT(plan.network.interfaces, SizeIs(5));
  EXPECT_THAT(interface(plan, "br0").addresses, SizeIs(1));
  EXPECT_THAT(plan.network.routes, SizeIs(2));
}

TEST_F(PlanStack, ServiceTagsAreKept) {
  host_.recorded.links[3].vlan_service_tag = true;
  EXPECT_TRUE(std::get<PlannedVlan>(interface(good_plan(), "bond0.7").kind).service_tag);
}

TEST_F(PlanStack, ABridgeThatFiltersVlansIsRefused) {
  host_.set("br0", "bridge/vlan_filtering", "1");
  EXPECT_THAT(refusal(), HasSubstr("br0 is a bridge that filters VLANs"));
}

TEST_F(PlanStack, ALoopEnds) {
  host_.recorded.links[3].lower = 6;
  EXPECT_THAT(refusal(), HasSubstr("layers"));
}

struct Refusal {
  const char* kind;
  const char* text;
};

TEST_F(PlanNetwork, WhatNeedsMoreThanTheKernelIsRefused) {
  one_card();
  for (const Refusal& row : {Refusal{"team", "eth0 is a team, which only a daemon can run"},
                             Refusal{"wireguard", "eth0 is of the kind \"wireguard\""},
                             Refusal{"openvswitch", "eth0 is of the kind \"openvswitch\""}}) {
    host_.recorded.links[0].kind = row.kind;
    EXPECT_THAT(refusal(), HasSubstr(row.text));
  }
}

TEST_F(PlanNetwork, WhatIsNoEthernetCardIsRefused) {
  one_card();
  host_.set("eth0", "phy80211/name", "phy0");
  EXPECT_THAT(refusal(), HasSubstr("eth0 is a wireless one"));
  host_.recorded.links[0].is_ethernet = false;
  EXPECT_THAT(refusal(), HasSubstr("eth0 is no Ethernet interface"));
  host_.recorded.links[0].name = "dummy0";
  EXPECT_THAT(refusal(), HasSubstr("dummy0 is no card but made by software"));
}

TEST_F(PlanNetwork, RoutesThatLeadNowhereAreRefused) {
  one_card();
  host_.routes[kServer].is_local = true;
  EXPECT_THAT(refusal(), HasSubstr("an address of this host itself"));
  host_.add_route(kServer, 2, "192.0.2.7", "fe80::1");
  EXPECT_THAT(refusal(), HasSubstr("of the other address family"));
  host_.add_route(kServer, 9, "192.0.2.7");
  EXPECT_THAT(refusal(), HasSubstr("names no interface"));
  host_.add_route(kServer, 2, "192.0.2.7");
  host_.recorded.links[0].master = 8;
  host_.add_link(8, "blue", "vrf");
  EXPECT_THAT(refusal(), HasSubstr("belongs to the VRF blue"));
}

}  // namespace
}  // namespace kdump::mkdumprd
