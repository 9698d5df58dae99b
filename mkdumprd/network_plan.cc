// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/network_plan.h"

#include "base/text.h"
#include "mkdumprd/interface_plan.h"

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

using config::PlannedAddress;
using config::PlannedRoute;

class Planner {
 public:
  Planner(const SysRoot& root, const NetworkState& state)
      : state_(state), interfaces_(root, state) {}

  /// The way to one address of the server.
  Status add(const IpAddress& server, NetworkRoute route) {
    if (route.source) route.source = lasting_address(route.link, *route.source);
    if (route.is_local) {
      return make_error(ErrorKind::kUsage,
                        "{} is an address of this host itself, which is gone when it has crashed",
                        server.to_string());
    }
    const NetworkLink* link = interfaces_.link(route.link);
    TRY(check_link(server, link, route));
    TRY(interfaces_.add(route.link));
    const PlannedAddress own = own_address(server, route);
    interfaces_.add_address(route.link, own);
    add_routes(server, route, link->name, own);
    if (plan_.source.empty()) plan_.source = own.address;
    plan_.addresses.push_back(server.to_string());
    return {};
  }

  void warn(std::string text) { plan_.warnings.push_back(std::move(text)); }

  [[nodiscard]] NetworkPlan take() && {
    plan_.network.node_name = state_.node_name;
    plan_.network.interfaces = interfaces_.interfaces();
    plan_.modules = interfaces_.modules();
    for (const std::string& warning : interfaces_.warnings()) warn(warning);
    return std::move(plan_);
  }

 private:
  Status check_link(const IpAddress& server, const NetworkLink* link, const NetworkRoute& route) {
    if (link == nullptr || !route.source) {
      return make_error(ErrorKind::kNotFound,
                        "the route to {} names no interface and source address",
                        server.to_string());
    }
    if (server.is_link_local()) {
      return make_error(ErrorKind::kUnsupported,
                        "{} is an address on the link only. Name another address of the server",
                        server.to_string());
    }
    if (route.gateway && route.gateway->family() != server.family()) {
      return make_error(ErrorKind::kUnsupported,
                        "the gateway to {} is {}, of the other address family",
                        server.to_string(),
                        route.gateway->to_string());
    }
    const NetworkLink* master = interfaces_.link(link->master);
    if (master != nullptr && master->kind == "vrf") {
      return make_error(ErrorKind::kUnsupported,
                        "the network interface {} belongs to the VRF {}. Reach the dump target "
                        "without it",
                        link->name,
                        master->name);
    }
    return {};
  }

  /// Instead of a temporary address the one of the same network that stays.
  [[nodiscard]] IpAddress lasting_address(int link, const IpAddress& source) const {
    const auto& rows = state_.addresses;
    const auto own = std::find_if(rows.begin(), rows.end(), [&](const NetworkAddress& row) {
      return row.link == link && row.address == source;
    });
    if (own == rows.end() || !own->is_temporary) return source;
    const auto other = std::find_if(rows.begin(), rows.end(), [&](const NetworkAddress& row) {
      return row.link == link && !row.is_temporary && row.prefix_length == own->prefix_length &&
             row.address.is_within(source, own->prefix_length);
    });
    return other == rows.end() ? source : other->address;
  }

  /// The source address with its network; one that belongs to another interface has none here.
  [[nodiscard]] PlannedAddress own_address(const IpAddress& server,
                                           const NetworkRoute& route) const {
    const IpAddress source = *route.source;
    for (const NetworkAddress& row : state_.addresses) {
      if (row.link == route.link && row.address == source) {
        return {source.to_string(), row.prefix_length};
      }
    }
    return {source.to_string(), server.bits()};
  }

  void add_routes(const IpAddress& server,
                  const NetworkRoute& route,
                  const std::string& interface,
                  const PlannedAddress& own) {
    const auto is_on_link = [&](const IpAddress& address) {
      return address.is_within(*route.source, own.prefix_length);
    };
    if (!route.gateway) {
      if (is_on_link(server)) return;  // the kernel's own route to the network
      return add_route({server.to_string(), server.bits(), "", interface, own.address});
    }
    const IpAddress gateway = *route.gateway;
    if (!is_on_link(gateway) && !gateway.is_link_local()) {
      add_route({gateway.to_string(), gateway.bits(), "", interface, ""});
    }
    add_route({server.to_string(), server.bits(), gateway.to_string(), interface, own.address});
  }

  void add_route(const PlannedRoute& route) {
    auto& routes = plan_.network.routes;
    if (std::find(routes.begin(), routes.end(), route) == routes.end()) routes.push_back(route);
  }

  const NetworkState& state_;
  InterfacePlan interfaces_;
  NetworkPlan plan_;
};

}  // namespace

Result<NetworkPlan> plan_network(const SysRoot& root,
                                 HostNetwork& host,
                                 const std::string& server,
                                 const std::vector<IpAddress>& addresses) {
  const NetworkState state = TRY(host.state());
  Planner planner(root, state);
  std::vector<Error> failures;
  for (const IpAddress& address : addresses) {
    const auto route = host.route_to(address);
    const Status added = route ? planner.add(address, *route) : Status(route.error());
    if (!added) failures.push_back(added.error());
  }
  if (failures.size() == addresses.size()) {
    if (failures.empty()) {
      return make_error(ErrorKind::kNotFound, "{} has no address", escape_control(server));
    }
    return std::move(failures.front())
        .with_context("the dump target's server " + escape_control(server) + " cannot be used");
  }
  for (const Error& failure : failures) planner.warn(failure.message);
  return std::move(planner).take();
}

}  // namespace kdump::mkdumprd
