// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/network_plan_json.h"

#include "base/ip_address.h"

#include <algorithm>
#include <cctype>
#include <net/if.h>

namespace kdump::config {
namespace {

constexpr std::uint64_t kHighestVlan = 4094;       // IEEE 802.1Q: 0 and 4095 are reserved
constexpr std::uint64_t kLargestMtu = 0x7fffffff;  // net_device::max_mtu is an int's worth
constexpr std::size_t kMacText = 17;               // "52:54:00:12:34:56"

/// dev_valid_name() in net/core/dev.c.
Result<std::string> interface_name(const PlanReader& object, std::string_view field) {
  std::string name = TRY(object.non_empty(field));
  const bool fits = name.size() < IFNAMSIZ && name != "." && name != "..";
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c != '/' && c != ':' && std::isspace(c) == 0;
  });
  if (!fits || !plain) return PlanReader::refuse(object.name(field), "is no name of an interface");
  return name;
}

Result<std::string> mac_address(const PlanReader& object, std::string_view field) {
  std::string text = TRY(object.text(field));
  if (text.empty()) return text;
  bool good = text.size() == kMacText;
  for (std::size_t i = 0; good && i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    good = i % 3 == 2 ? c == ':' : std::isxdigit(c) != 0;
  }
  if (!good) return PlanReader::refuse(object.name(field), "is no Ethernet address");
  return text;
}

Result<IpAddress> ip_address(const PlanReader& object, std::string_view field) {
  const auto address = IpAddress::parse(TRY(object.text(field)));
  if (!address) return PlanReader::refuse(object.name(field), "is no IP address");
  return *address;
}

/// As ip_address(), or "".
Result<std::string> optional_address(const PlanReader& object, std::string_view field) {
  if (TRY(object.text(field)).empty()) return std::string();
  return TRY(ip_address(object, field)).to_string();
}

Result<PlannedAddress> read_address(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"address", "prefix_length"}));
  const IpAddress address = TRY(ip_address(object, "address"));
  PlannedAddress out;
  out.address = address.to_string();
  out.prefix_length = TRY(object.number_in("prefix_length", 0, address.bits()));
  return out;
}

/// The name becomes part of a path in /sys.
Result<PlannedSetting> read_setting(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"name", "value"}));
  PlannedSetting setting;
  setting.name = TRY(object.non_empty("name"));
  const bool plain = std::all_of(setting.name.begin(), setting.name.end(), [](unsigned char c) {
    return c == '_' || std::islower(c) != 0;
  });
  if (!plain) return PlanReader::refuse(object.name("name"), "is no name of a setting");
  setting.value = TRY(object.non_empty("value"));
  return setting;
}

Result<PlannedEthernet> read_ethernet(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"permanent_address", "driver", "device"}));
  PlannedEthernet card;
  card.permanent_address = TRY(mac_address(object, "permanent_address"));
  card.driver = TRY(object.text("driver"));
  card.device = TRY(object.text("device"));
  if (card.permanent_address.empty() && card.device.empty()) {
    return PlanReader::refuse(where, "has neither an address nor a device");
  }
  return card;
}

Result<PlannedVlan> read_vlan(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"lower", "id", "service_tag"}));
  PlannedVlan vlan;
  vlan.lower = TRY(interface_name(object, "lower"));
  vlan.id = TRY(object.number_in("id", 1, kHighestVlan));
  vlan.service_tag = TRY(object.truth("service_tag"));
  return vlan;
}

Result<PlannedBond> read_bond(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"settings", "ports", "primary"}));
  PlannedBond bond;
  bond.settings = TRY(object.each("settings", read_setting));
  bond.ports = TRY(object.texts("ports"));
  bond.primary = TRY(object.text("primary"));
  return bond;
}

Result<PlannedBridge> read_bridge(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"settings", "ports"}));
  PlannedBridge bridge;
  bridge.settings = TRY(object.each("settings", read_setting));
  bridge.ports = TRY(object.texts("ports"));
  return bridge;
}

Result<PlannedInterface> read_interface(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields(
      {"name", "ethernet", "vlan", "bond", "bridge", "mac_address", "mtu", "addresses"}));
  PlannedInterface interface;
  interface.name = TRY(interface_name(object, "name"));
  const auto part = [&](const char* field) { return object.name(field); };
  if (object.has("vlan")) {
    interface.kind = TRY(read_vlan(*TRY(object.field("vlan")), part("vlan")));
  } else if (object.has("bond")) {
    interface.kind = TRY(read_bond(*TRY(object.field("bond")), part("bond")));
  } else if (object.has("bridge")) {
    interface.kind = TRY(read_bridge(*TRY(object.field("bridge")), part("bridge")));
  } else {
    interface.kind = TRY(read_ethernet(*TRY(object.field("ethernet")), part("ethernet")));
  }
  interface.mac_address = TRY(mac_address(object, "mac_address"));
  interface.mtu = TRY(object.number_in("mtu", 0, kLargestMtu));
  interface.addresses = TRY(object.each("addresses", read_address));
  return interface;
}

Result<PlannedRoute> read_route(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"destination", "prefix_length", "gateway", "interface", "source"}));
  const IpAddress destination = TRY(ip_address(object, "destination"));
  PlannedRoute route;
  route.destination = destination.to_string();
  route.prefix_length = TRY(object.number_in("prefix_length", 0, destination.bits()));
  route.gateway = TRY(optional_address(object, "gateway"));
  route.interface = TRY(interface_name(object, "interface"));
  route.source = TRY(optional_address(object, "source"));
  return route;
}

/// Those that this one is made of.
std::vector<std::string> parts_of(const PlannedInterface& interface) {
  if (const auto* vlan = std::get_if<PlannedVlan>(&interface.kind)) return {vlan->lower};
  if (const auto* bond = std::get_if<PlannedBond>(&interface.kind)) return bond->ports;
  if (const auto* bridge = std::get_if<PlannedBridge>(&interface.kind)) return bridge->ports;
  return {};
}

Status check_references(const PlannedNetwork& network, const std::string& where) {
  std::vector<std::string> known;
  const auto is_known = [&known](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  for (const PlannedInterface& interface : network.interfaces) {
    const std::vector<std::string> parts = parts_of(interface);
    if (!std::all_of(parts.begin(), parts.end(), is_known) || is_known(interface.name)) {
      return PlanReader::refuse(where + ".interfaces", "are not in order");
    }
    known.push_back(interface.name);
  }
  const auto goes_out = [&](const PlannedRoute& route) { return is_known(route.interface); };
  if (std::all_of(network.routes.begin(), network.routes.end(), goes_out)) return {};
  return PlanReader::refuse(where + ".routes", "name an unknown interface");
}

Json write_settings(const std::vector<PlannedSetting>& settings) {
  Json out = Json::array();
  for (const PlannedSetting& setting : settings) {
    out.push_back({{"name", setting.name}, {"value", setting.value}});
  }
  return out;
}

Json write_interface(const PlannedInterface& interface) {
  Json out = {{"name", interface.name}};
  if (const auto* card = std::get_if<PlannedEthernet>(&interface.kind)) {
    out["ethernet"] = {{"permanent_address", card->permanent_address},
                       {"driver", card->driver},
                       {"device", card->device}};
  } else if (const auto* vlan = std::get_if<PlannedVlan>(&interface.kind)) {
    out["vlan"] = {{"lower", vlan->lower}, {"id", vlan->id}, {"service_tag", vlan->service_tag}};
  } else if (const auto* bond = std::get_if<PlannedBond>(&interface.kind)) {
    out["bond"] = {{"settings", write_settings(bond->settings)},
                   {"ports", Json(bond->ports)},
                   {"primary", bond->primary}};
  } else if (const auto* bridge = std::get_if<PlannedBridge>(&interface.kind)) {
    out["bridge"] = {{"settings", write_settings(bridge->settings)},
                     {"ports", Json(bridge->ports)}};
  }
  out["mac_address"] = interface.mac_address;
  out["mtu"] = interface.mtu;
  out["addresses"] = Json::array();
  for (const PlannedAddress& address : interface.addresses) {
    out["addresses"].push_back(
        {{"address", address.address}, {"prefix_length", address.prefix_length}});
  }
  return out;
}

}  // namespace

Result<PlannedNetwork> read_network(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"node_name", "interfaces", "routes"}));
  PlannedNetwork network;
  network.node_name = TRY(object.text("node_name"));
  network.interfaces = TRY(object.each("interfaces", read_interface));
  network.routes = TRY(object.each("routes", read_route));
  TRY(check_references(network, where));
  return network;
}

Json write_network(const PlannedNetwork& network) {
  Json interfaces = Json::array();
  for (const PlannedInterface& interface : network.interfaces) {
    interfaces.push_back(write_interface(interface));
  }
  Json routes = Json::array();
  for (const PlannedRoute& route : network.routes) {
    routes.push_back({{"destination", route.destination},
                      {"prefix_length", route.prefix_length},
                      {"gateway", route.gateway},
                      {"interface", route.interface},
                      {"source", route.source}});
  }
  return {{"node_name", network.node_name},
          {"interfaces", std::move(interfaces)},
          {"routes", std::move(routes)}};
}

}  // namespace kdump::config
