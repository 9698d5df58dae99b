// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/network/apply_network.h"

#include "tests/unit/network/fake_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::network {
namespace {

using config::PlannedBond;
using config::PlannedBridge;
using config::PlannedEthernet;
using config::PlannedInterface;
using config::PlannedNetwork;
using config::PlannedVlan;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kFirst = "52:54:00:00:00:01";
constexpr const char* kSecond = "52:54:00:00:00:02";

PlannedInterface card(const std::string& name, const std::string& address) {
  return {name, PlannedEthernet{address, "virtio_net", "/sys/devices/" + name}, "", 0, {}};
}

class ApplyNetwork : public testing::Test {
 protected:
  ApplyNetwork() {
    network_.node_name = "db1";
    network_.interfaces = {card("ens1", kFirst)};
    network_.interfaces[0].addresses = {{"192.0.2.7", 24}};
    network_.routes = {{"198.51.100.9", 32, "192.0.2.1", "ens1", "192.0.2.7"}};
  }
  /// br0 on a VLAN on a bond of two.
  void stack() {
    network_.interfaces = {card("ens1", kFirst), card("ens2", kSecond)};
    network_.interfaces.push_back(
        {"bond0",
         PlannedBond{{{"mode", "802.3ad"}, {"miimon", "100"}}, {"ens1", "ens2"}, "ens2"},
         "52:54:00:00:00:09",
         9000,
         {}});
    network_.interfaces.push_back({"bond0.7", PlannedVlan{"bond0", 7, false}, "", 1500, {}});
    network_.interfaces.push_back(
        {"br0", PlannedBridge{{{"stp_state", "1"}}, {"bond0.7"}}, "", 0, {{"192.0.2.7", 24}}});
    network_.routes = {{"198.51.100.9", 32, "192.0.2.1", "br0", ""}};
    kernel_.give_link("br0");
  }
  void both_cards() {
    kernel_.add_card({"eth5", kFirst, "virtio_net", "/sys/devices/x"});
    kernel_.add_card({"eth6", kSecond, "virtio_net", "/sys/devices/y"});
  }
  Status apply(seconds patience = seconds(60)) {
    return apply_network(kernel_, network_, kernel_.now() + patience, [this](const auto& line) {
      said_.push_back(line);
    });
  }
  std::string failure() {
    const auto status = apply();
    EXPECT_FALSE(status);
    return status ? "" : status.error().message;
  }

  FakeKernel kernel_;
  PlannedNetwork network_;
  std::vector<std::string> said_;
};

TEST_F(ApplyNetwork, ACardIsFoundUnderAnotherName) {
  both_cards();
  kernel_.give_link("eth5", seconds(3));
  ASSERT_TRUE(apply());
  EXPECT_THAT(kernel_.calls,
              ElementsAre("name db1",
                          "up lo",
                          "address eth5 192.0.2.7/24",
                          "up eth5",
                          "route 198.51.100.9/32 via '192.0.2.1' dev eth5 src '192.0.2.7'"));
  EXPECT_THAT(said_, ElementsAre("eth5 is up"));
  EXPECT_GE(kernel_.elapsed(), seconds(3));
}

TEST_F(ApplyNetwork, ALateCardIsWaitedFor) {
  kernel_.add_card({"eth0", kFirst, "virtio_net", ""}, seconds(20));
  kernel_.give_link("eth0");
  EXPECT_TRUE(apply());
}

TEST_F(ApplyNetwork, ACardThatDoesNotAppearIsNamed) {
  kernel_.add_card({"eth6", kSecond, "virtio_net", "/sys/devices/y"});
  const std::string text = failure();
  EXPECT_THAT(text, HasSubstr("network card ens1 (52:54:00:00:00:01, virtio_net) did not appear"));
  EXPECT_THAT(text, HasSubstr("there are: eth6 (52:54:00:00:00:02, virtio_net)"));
  EXPECT_LE(kernel_.elapsed(), seconds(60));
}

TEST_F(ApplyNetwork, InTheEndItsPlaceIsEnough) {
  kernel_.add_card({"eth0", "02:00:00:00:00:77", "virtio_net", "/sys/devices/ens1"});
  kernel_.give_link("eth0", seconds(0));
  ASSERT_TRUE(apply());
  EXPECT_THAT(said_, Contains(HasSubstr("known by its place")));
  EXPECT_THAT(kernel_.calls, Contains("up eth0"));
}

TEST_F(ApplyNetwork, ACableThatIsPulledIsNamed) {
  both_cards();
  EXPECT_THAT(failure(), HasSubstr("eth5 has no link"));
  EXPECT_THAT(kernel_.calls, Not(Contains(HasSubstr("route"))));
}

TEST_F(ApplyNetwork, SettingsOfTheCardAndIpv6) {
  both_cards();
  kernel_.give_link("eth5");
  network_.interfaces[0].mac_address = "02:00:00:00:00:01";
  network_.interfaces[0].mtu = 9000;
  network_.interfaces[0].addresses = {{"2001:db8::7", 64}};
  kernel_.settings["/proc/sys/net/ipv6/conf/eth5/accept_dad"] = "1";
  kernel_.settings["/proc/sys/net/ipv6/conf/eth5/accept_ra"] = "1";
  ASSERT_TRUE(apply());
  EXPECT_THAT(kernel_.calls,
              ElementsAre("name db1",
                          "up lo",
                          "mac eth5 02:00:00:00:00:01",
                          "mtu eth5 9000",
                          "write /proc/sys/net/ipv6/conf/eth5/accept_dad 0",
                          "write /proc/sys/net/ipv6/conf/eth5/accept_ra 0",
                          "address eth5 2001:db8::7/64",
                          "up eth5",
                          testing::StartsWith("route")));
}

TEST_F(ApplyNetwork, AStackIsBuiltFromBelow) {
  stack();
  both_cards();
  ASSERT_TRUE(apply());
  EXPECT_THAT(kernel_.calls,
              ElementsAre("name db1",
                          "up lo",
                          "create bond bond0",
                          "write /sys/class/net/bond0/bonding/mode 802.3ad",
                          "write /sys/class/net/bond0/bonding/miimon 100",
                          "mac bond0 52:54:00:00:00:09",
                          "down eth5",
                          "port eth5 of bond0",
                          "down eth6",
                          "port eth6 of bond0",
                          "write /sys/class/net/bond0/bonding/primary eth6",
                          "mtu bond0 9000",
                          "up bond0",
                          "create vlan bond0.7 on bond0 7",
                          "mtu bond0.7 1500",
                          "up bond0.7",
                          "create bridge br0",
                          "write /sys/class/net/br0/bridge/stp_state 1",
                          "port bond0.7 of br0",
                          "address br0 192.0.2.7/24",
                          "up br0",
                          "route 198.51.100.9/32 via '192.0.2.1' dev br0 src ''"));
}

TEST_F(ApplyNetwork, WhatIsSetUpAlreadyStays) {
  stack();
  both_cards();
  kernel_.existing = {"bond0", "bond0.7", "br0"};
  kernel_.masters = {{"eth5", "bond0"}, {"eth6", "bond0"}, {"bond0.7", "br0"}};
  kernel_.settings = {{"/sys/class/net/bond0/bonding/mode", "802.3ad 4"},
                      {"/sys/class/net/bond0/bonding/miimon", "100"},
                      {"/sys/class/net/br0/bridge/stp_state", "1"}};
  ASSERT_TRUE(apply());
  for (const char* word : {"create", "write /sys/class/net/bond0/bonding/m", "port", "down"}) {
    EXPECT_THAT(kernel_.calls, Not(Contains(HasSubstr(word))));
  }
}

TEST_F(ApplyNetwork, OnePortIsEnoughAfterAWhile) {
  stack();
  kernel_.add_card({"eth6", kSecond, "virtio_net", "/sys/devices/y"});
  ASSERT_TRUE(apply());
  EXPECT_THAT(said_, Contains("going on without ens1 (52:54:00:00:00:01, virtio_net)"));
  EXPECT_THAT(kernel_.calls, Contains("port eth6 of bond0"));
  EXPECT_GE(kernel_.elapsed(), seconds(10));
  EXPECT_LE(kernel_.elapsed(), seconds(12));
}

TEST_F(ApplyNetwork, WhatOneCanDoWithoutIsAWarning) {
  stack();
  both_cards();
  kernel_.failing = {"port eth5 of bond0",
                     "mtu bond0 9000",
                     "write /sys/class/net/bond0/bonding/miimon 100",
                     "name db1"};
  EXPECT_TRUE(apply());
  EXPECT_THAT(said_, Contains("warning: failed: port eth5 of bond0"));
  EXPECT_EQ(std::count_if(said_.begin(),
                          said_.end(),
                          [](const auto& line) { return line.starts_with("warning: "); }),
            4);
}

TEST_F(ApplyNetwork, WhatOneCannotDoWithoutIsAnError) {
  for (const std::string call : {"write /sys/class/net/bond0/bonding/mode 802.3ad",
                                 "create bond bond0",
                                 "create vlan bond0.7 on bond0 7",
                                 "port bond0.7 of br0",
                                 "address br0 192.0.2.7/24",
                                 "up br0",
                                 "route 198.51.100.9/32 via '192.0.2.1' dev br0 src ''"}) {
    FakeKernel fresh;
    stack();
    kernel_.calls.clear();
    kernel_.failing = {call};
    if (kernel_.cards()->empty()) both_cards();
    EXPECT_THAT(failure(), HasSubstr("failed: " + call));
  }
}

TEST(FindCard, TheDriverDecidesBetweenTwinsWithOneAddress) {
  const std::vector<Card> cards = {{"eth1", kFirst, "mlx5_core", "/sys/devices/vf"},
                                   {"eth0", kFirst, "hv_netvsc", "/sys/devices/synthetic"}};
  const Card* found = find_card(cards, {kFirst, "hv_netvsc", "/sys/devices/other"}, false);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "eth0");
  EXPECT_EQ(find_card(cards, {kFirst, "mlx5_core", "/sys/devices/vf"}, false)->name, "eth1");
  EXPECT_EQ(find_card(cards, {"52:54:00:00:00:0A", "x", ""}, false), nullptr);
}

TEST(FindCard, TheCaseOfAnAddressDoesNotMatter) {
  const std::vector<Card> cards = {{"eth0", "aa:bb:cc:00:00:01", "e1000e", ""}};
  EXPECT_NE(find_card(cards, {"AA:BB:CC:00:00:01", "", ""}, false), nullptr);
}

TEST(FindCard, WithoutAnAddressThePlaceCounts) {
  const std::vector<Card> cards = {{"eth0", "02:11:22:33:44:55", "gve", "/sys/devices/a"},
                                   {"eth1", "02:11:22:33:44:56", "gve", "/sys/devices/b"}};
  EXPECT_EQ(find_card(cards, {"", "gve", "/sys/devices/b"}, false)->name, "eth1");
  EXPECT_EQ(find_card(cards, {"", "e1000", "/sys/devices/b"}, false), nullptr);
}

}  // namespace
}  // namespace kdump::network
