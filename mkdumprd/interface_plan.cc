// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/interface_plan.h"

#include "base/text.h"
#include "mkdumprd/block_device.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/module_wishes.h"

#include <algorithm>
#include <array>

namespace kdump::mkdumprd {
namespace {

using config::PlannedInterface;
using config::PlannedSetting;

/// A VLAN on a bond below a bridge is three; more than this is a loop or a joke.
constexpr int kMostLayers = 8;

/// Files of /sys/class/net/NAME/bonding in the order in which they can be written: each needs what
/// stands before it (Documentation/networking/bonding.rst). "primary" and "slaves" are the plan's
/// own.
constexpr std::array<std::string_view, 15> kBondSettings = {"mode",
                                                            "fail_over_mac",
                                                            "miimon",
                                                            "updelay",
                                                            "downdelay",
                                                            "arp_interval",
                                                            "arp_ip_target",
                                                            "arp_validate",
                                                            "arp_all_targets",
                                                            "xmit_hash_policy",
                                                            "lacp_rate",
                                                            "ad_select",
                                                            "min_links",
                                                            "primary_reselect",
                                                            "ad_user_port_key"};
constexpr std::array<std::string_view, 5> kBridgeSettings = {
    "stp_state", "forward_delay", "hello_time", "max_age", "priority"};

Error refuse(const NetworkLink& link, const std::string& what, const std::string& remedy) {
  return make_error(
      ErrorKind::kUnsupported, "the network interface {} is {}. {}", link.name, what, remedy);
}

const char* const kOtherWay =
    "Reach the dump target over Ethernet, VLANs, bonds or bridges, or name a local target";

/// What the kernel's own settings ("802.3ad 4", "100") are written as.
std::string first_word(const std::string& value) { return value.substr(0, value.find(' ')); }

}  // namespace

const NetworkLink* InterfacePlan::link(int index) const {
  const auto found = std::find_if(state_.links.begin(),
                                  state_.links.end(),
                                  [index](const NetworkLink& row) { return row.index == index; });
  return found == state_.links.end() ? nullptr : &*found;
}

std::string InterfacePlan::setting(const NetworkLink& link, const std::string& name) const {
  return root_.read_value("/sys/class/net/" + link.name + "/" + name).value_or(std::string());
}

Status InterfacePlan::add(int index) {
  const NetworkLink* found = link(index);
  if (found == nullptr) {
    return make_error(ErrorKind::kNotFound, "there is no network interface {}", index);
  }
  // A part that turns out to be impossible takes nothing of itself along.
  const std::size_t interfaces = interfaces_.size();
  const std::size_t modules = modules_.size();
  Status added = add(*found, 0);
  if (added) return added;
  interfaces_.resize(interfaces);
  modules_.resize(modules);
  return added;
}

void InterfacePlan::add_address(int index, const config::PlannedAddress& address) {
  const NetworkLink* owner = link(index);
  for (PlannedInterface& interface : interfaces_) {
    auto& addresses = interface.addresses;
    if (owner == nullptr || interface.name != owner->name) continue;
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
}

Status InterfacePlan::add(const NetworkLink& link, int depth) {
  const auto is_known = [&](const PlannedInterface& row) { return row.name == link.name; };
  if (std::any_of(interfaces_.begin(), interfaces_.end(), is_known)) return {};
  if (depth >= kMostLayers) {
    return refuse(link, fmt::format("the end of more than {} layers", kMostLayers), kOtherWay);
  }
  PlannedInterface planned;
  if (link.kind.empty()) {
    planned = TRY(plan_card(link));
  } else if (link.kind == "vlan") {
    planned = TRY(plan_vlan(link, depth));
  } else if (link.kind == "bond") {
    planned = TRY(plan_bond(link, depth));
  } else if (link.kind == "bridge") {
    planned = TRY(plan_bridge(link, depth));
  } else if (link.kind == "team") {
    return refuse(link,
                  "a team, which only a daemon can run",
                  "Make a bond of it (team2bond(1) of older systems shows how)");
  } else {
    return refuse(link, "of the kind \"" + escape_control(link.kind) + "\"", kOtherWay);
  }
  planned.name = link.name;
  planned.mtu = link.mtu;
  interfaces_.push_back(std::move(planned));
  return {};
}

Result<PlannedInterface> InterfacePlan::plan_card(const NetworkLink& link) {
  const std::string folder = "/sys/class/net/" + link.name;
  const auto device = root_.resolve(folder + "/device");
  if (!device) return refuse(link, "no card but made by software", kOtherWay);
  if (!link.is_ethernet) return refuse(link, "no Ethernet interface", kOtherWay);
  if (root_.exists(folder + "/phy80211") || root_.exists(folder + "/wireless")) {
    return refuse(link, "a wireless one", kOtherWay);
  }
  const auto driver = root_.read_link(*device + "/driver");
  PlannedInterface out;
  out.kind = config::PlannedEthernet{
      link.permanent_address, driver ? std::string(name_of(*driver)) : std::string(), *device};
  // A bond gives its ports an address of its own.
  const bool is_port = link.master != 0;
  if (!is_port && !link.permanent_address.empty() && link.mac_address != link.permanent_address) {
    out.mac_address = link.mac_address;
  }
  // The PHY's driver has to be there when the card's looks for it, though the PHY itself appears
  // below the card; a virtual function needs the physical one's driver, too.
  if (const auto phy = root_.resolve(folder + "/phydev")) want_drivers(*phy, link.name, *device);
  if (const auto physical = root_.resolve(*device + "/physfn")) want_drivers(*physical, link.name);
  want_drivers(*device, link.name);
  return out;
}

Result<PlannedInterface> InterfacePlan::plan_vlan(const NetworkLink& link, int depth) {
  const NetworkLink* lower = this->link(link.lower);
  if (lower == nullptr) return refuse(link, "a VLAN on nothing that is seen here", kOtherWay);
  TRY(add(*lower, depth + 1));
  want_module("8021q", link.name);
  PlannedInterface out;
  out.kind = config::PlannedVlan{lower->name, link.vlan_id, link.vlan_service_tag};
  if (link.mac_address != lower->mac_address) out.mac_address = link.mac_address;
  return out;
}

Result<std::vector<std::string>> InterfacePlan::add_ports(const NetworkLink& link,
                                                          const std::vector<std::string>& names,
                                                          int depth) {
  std::vector<std::string> ports;
  std::string why;  // the first reason
  for (const std::string& name : names) {
    const auto port = std::find_if(state_.links.begin(),
                                   state_.links.end(),
                                   [&](const NetworkLink& row) { return row.name == name; });
    if (port == state_.links.end()) continue;
    const Status added = add(*port, depth + 1);
    if (added) {
      ports.push_back(name);
    } else {
      const std::string& text = added.error().message;
      if (why.empty()) why = text;
      // The guests of a host that has a bridge are ports of it and lead nowhere.
      if (link.kind != "bridge") warnings_.push_back(fmt::format("{}: {}", link.name, text));
    }
  }
  if (!ports.empty()) return ports;
  return refuse(link,
                fmt::format("a {} without a port that can be used", link.kind),
                why.empty() ? "Add one to it" : why);
}

Result<PlannedInterface> InterfacePlan::plan_bond(const NetworkLink& link, int depth) {
  config::PlannedBond bond;
  std::vector<std::string> names;
  const std::string slaves = setting(link, "bonding/slaves");
  for (const std::string_view name : split_words(slaves)) names.emplace_back(name);
  bond.ports = TRY(add_ports(link, names, depth));
  for (const std::string_view name : kBondSettings) {
    const std::string value = setting(link, "bonding/" + std::string(name));
    if (value.empty() || first_word(value) == "0") continue;  // all of these begin at 0 or a word
    if (name == "arp_ip_target") {
      for (const std::string_view target : split_words(value)) {
        bond.settings.push_back({std::string(name), "+" + std::string(target)});
      }
    } else {
      bond.settings.push_back({std::string(name), first_word(value)});
    }
  }
  const std::string primary = setting(link, "bonding/primary");
  if (std::find(bond.ports.begin(), bond.ports.end(), primary) != bond.ports.end()) {
    bond.primary = primary;
  }
  want_module("bonding", link.name);
  PlannedInterface out;
  // With another policy the bond's address is that of a port, which it finds by itself.
  const std::string policy = first_word(setting(link, "bonding/fail_over_mac"));
  if (policy.empty() || policy == "none") out.mac_address = link.mac_address;
  out.kind = std::move(bond);
  return out;
}

Result<PlannedInterface> InterfacePlan::plan_bridge(const NetworkLink& link, int depth) {
  if (setting(link, "bridge/vlan_filtering") == "1") {
    return refuse(link,
                  "a bridge that filters VLANs",
                  "Put a VLAN interface below or above a plain bridge, or name a local target");
  }
  config::PlannedBridge bridge;
  const auto names = root_.list("/sys/class/net/" + link.name + "/brif");
  bridge.ports = TRY(add_ports(link, names.value_or(std::vector<std::string>()), depth));
  const bool spanning_tree = setting(link, "bridge/stp_state") != "0";
  for (const std::string_view name : kBridgeSettings) {
    const std::string value = setting(link, "bridge/" + std::string(name));
    // Without the protocol its times mean nothing.
    if (value.empty() || (!spanning_tree && name != "stp_state")) continue;
    // 2 is a daemon's protocol, which the capture kernel does not run; the kernel's own does it.
    bridge.settings.push_back(
        {std::string(name), name == "stp_state" && value != "0" ? "1" : value});
  }
  want_module("bridge", link.name);
  PlannedInterface out;
  out.mac_address = link.mac_address;
  out.kind = std::move(bridge);
  return out;
}

void InterfacePlan::want_module(const std::string& name, const std::string& user) {
  // It may be part of the kernel.
  modules_.push_back({.names = {name},
                      .aliases = {},
                      .required = root_.exists("/sys/module/" + name + "/initstate"),
                      .reason = "network interface " + user});
}

void InterfacePlan::want_drivers(const std::string& device,
                                 const std::string& card,
                                 std::string_view above) {
  for (const StackDevice& part : read_device_stack(root_, device)) {
    if (above.starts_with(part.sysfs_path)) continue;
    ModuleWish wish = wish_driver(part);
    wish.reason += ", for the network interface " + card;
    modules_.push_back(std::move(wish));
  }
}

}  // namespace kdump::mkdumprd
