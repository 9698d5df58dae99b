// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/network_plan.h"
#include "mkdumprd/host_network.h"
#include "mkdumprd/module_closure.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {

/// Collects interfaces with all that they are made of, each once and the lowest first.
class InterfacePlan {
 public:
  InterfacePlan(const SysRoot& root, const NetworkState& state) : root_(root), state_(state) {}

  /// Adds the interface with this index. kUnsupported, and nothing added, for what the capture
  /// kernel cannot set up.
  Status add(int index);
  /// This host's address on it; once.
  void add_address(int index, const config::PlannedAddress& address);

  [[nodiscard]] const NetworkLink* link(int index) const;
  [[nodiscard]] const std::vector<config::PlannedInterface>& interfaces() const {
    return interfaces_;
  }
  [[nodiscard]] const std::vector<ModuleWish>& modules() const { return modules_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Status add(const NetworkLink& link, int depth);
  Result<config::PlannedInterface> plan_card(const NetworkLink& link);
  Result<config::PlannedInterface> plan_vlan(const NetworkLink& link, int depth);
  Result<config::PlannedInterface> plan_bond(const NetworkLink& link, int depth);
  Result<config::PlannedInterface> plan_bridge(const NetworkLink& link, int depth);
  Result<std::vector<std::string>> add_ports(const NetworkLink& link,
                                             const std::vector<std::string>& names,
                                             int depth);
  void want_module(const std::string& name, const std::string& user);
  /// Of the devices from the bus to this one, but for those that `above` lies below.
  void want_drivers(const std::string& device,
                    const std::string& card,
                    std::string_view above = {});
  [[nodiscard]] std::string setting(const NetworkLink& link, const std::string& name) const;

  const SysRoot& root_;
  const NetworkState& state_;
  std::vector<config::PlannedInterface> interfaces_;
  std::vector<ModuleWish> modules_;
  std::vector<std::string> warnings_;
};

}  // namespace kdump::mkdumprd
