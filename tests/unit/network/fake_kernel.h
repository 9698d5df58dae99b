// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/network/network_kernel.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kdump::network {

/// A kernel with cards that may come late, a clock that moves only in sleep(), and a list of what
/// was changed, in order.
class FakeKernel : public NetworkKernel {
 public:
  [[nodiscard]] Deadline now() const override { return now_; }
  void sleep(std::chrono::milliseconds time) override { now_ += time; }
  Status set_node_name(const std::string& name) override { return did("name " + name); }
  Result<std::vector<Card>> cards() override {
    std::vector<Card> out;
    for (const auto& [card, from] : cards_) {
      if (now_ - start_ >= from) out.push_back(card);
    }
    return out;
  }
  bool exists(const std::string& name) override { return existing.contains(name); }
  bool has_link(const std::string& name) override {
    const auto from = links_.find(name);
    return from != links_.end() && now_ - start_ >= from->second;
  }
  std::string master_of(const std::string& name) override { return masters[name]; }
  Status create(const std::string& name, const std::string& kind) override {
    return did(fmt::format("create {} {}", kind, name));
  }
  Status create_vlan(const std::string& name,
                     const std::string& lower,
                     const config::PlannedVlan& vlan) override {
    return did(fmt::format(
        "create vlan {} on {} {}{}", name, lower, vlan.id, vlan.service_tag ? " ad" : ""));
  }
  Status set_mac_address(const std::string& name, const std::string& address) override {
    return did(fmt::format("mac {} {}", name, address));
  }
  Status set_mtu(const std::string& name, unsigned mtu) override {
    return did(fmt::format("mtu {} {}", name, mtu));
  }
  Status set_up(const std::string& name, bool up) override {
    return did(fmt::format("{} {}", up ? "up" : "down", name));
  }
  Status set_master(const std::string& name, const std::string& master) override {
    return did(fmt::format("port {} of {}", name, master));
  }
  Result<std::string> setting(const std::string& path) override {
    const auto found = settings.find(path);
    if (found != settings.end()) return found->second;
    return make_error(ErrorKind::kNotFound, "{}", path);
  }
  Status set_setting(const std::string& path, const std::string& value) override {
    return did(fmt::format("write {} {}", path, value));
  }
  Status add_address(const std::string& name, const config::PlannedAddress& address) override {
    return did(fmt::format("address {} {}/{}", name, address.address, address.prefix_length));
  }
  Status add_route(const std::string& name, const config::PlannedRoute& route) override {
    return did(fmt::format("route {}/{} via '{}' dev {} src '{}'",
                           route.destination,
                           route.prefix_length,
                           route.gateway,
                           name,
                           route.source));
  }

  void add_card(const Card& card, std::chrono::milliseconds from = {}) {
    cards_.emplace_back(card, from);
  }
  void give_link(const std::string& name, std::chrono::milliseconds from = {}) {
    links_[name] = from;
  }
  [[nodiscard]] std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now_ - start_);
  }

  std::vector<std::string> calls;
  std::set<std::string> existing;
  std::map<std::string, std::string> masters;
  std::map<std::string, std::string> settings;
  std::set<std::string> failing;  ///< calls that fail

 private:
  Status did(const std::string& call) {
    calls.push_back(call);
    if (!failing.contains(call)) return {};
    return make_error(ErrorKind::kSystem, "failed: {}", call);
  }

  std::vector<std::pair<Card, std::chrono::milliseconds>> cards_;
  std::map<std::string, std::chrono::milliseconds> links_;
  Deadline start_ = Clock::now();
  Deadline now_ = start_;
};

}  // namespace kdump::network
