// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/fence_plan.h"

#include "base/text.h"
#include "mkdumprd/fence_facts.h"
#include "mkdumprd/network_plan.h"

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

Result<NetworkPlan> plan_way(const SysRoot& root, HostNetwork& network, const std::string& node) {
  const std::vector<IpAddress> addresses = TRY(network.resolve(node));
  return plan_network(root, network, node, addresses);
}

template <typename T>
void add_new(std::vector<T>& into, const T& element) {
  if (std::find(into.begin(), into.end(), element) == into.end()) into.push_back(element);
}

}  // namespace

void merge_network(config::PlannedNetwork& into, const config::PlannedNetwork& more) {
  if (into.node_name.empty()) into.node_name = more.node_name;
  for (const config::PlannedInterface& interface : more.interfaces) {
    const auto known = std::find_if(
        into.interfaces.begin(), into.interfaces.end(), [&](const config::PlannedInterface& other) {
          return other.name == interface.name;
        });
    if (known == into.interfaces.end()) {
      into.interfaces.push_back(interface);
      continue;
    }
    for (const config::PlannedAddress& address : interface.addresses) {
      add_new(known->addresses, address);
    }
  }
  for (const config::PlannedRoute& route : more.routes) add_new(into.routes, route);
}

Result<std::optional<FencePlan>> plan_fence(const SysRoot& root,
                                            HostNetwork& network,
                                            const config::KdumpConfig& config,
                                            std::vector<std::string>& warnings) {
  const auto facts = TRY(read_fence_facts(root, config));
  if (!facts) return std::optional<FencePlan>();
  FencePlan plan;
  plan.fence = facts->plan;
  for (const std::string& node : facts->nodes) {
    const auto way = plan_way(root, network, node);
    if (!way) {
      warnings.push_back(fmt::format(
          "no fence_kdump messages to {}: {}", escape_control(node), way.error().message));
      continue;
    }
    warnings.insert(warnings.end(), way->warnings.begin(), way->warnings.end());
    plan.fence.addresses.insert(
        plan.fence.addresses.end(), way->addresses.begin(), way->addresses.end());
    merge_network(plan.network, way->network);
    plan.modules.insert(plan.modules.end(), way->modules.begin(), way->modules.end());
  }
  if (plan.fence.addresses.empty()) return std::optional<FencePlan>();
  return std::optional(std::move(plan));
}

}  // namespace kdump::mkdumprd
