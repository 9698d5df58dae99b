// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/network_plan.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::network {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

/// An Ethernet interface that is a device of its own.
struct Card {
  std::string name;     ///< in this kernel
  std::string address;  ///< the permanent one, else the one it has
  std::string driver;
  std::string device;  ///< "/sys/devices/..."
  friend bool operator==(const Card&, const Card&) = default;
};

/// What the setup asks of the kernel; interfaces are named as in this kernel. No call waits for
/// anything outside.
class NetworkKernel {
 public:
  NetworkKernel() = default;
  NetworkKernel(const NetworkKernel&) = delete;
  NetworkKernel& operator=(const NetworkKernel&) = delete;
  virtual ~NetworkKernel() = default;

  [[nodiscard]] virtual Deadline now() const = 0;
  virtual void sleep(std::chrono::milliseconds time) = 0;

  virtual Status set_node_name(const std::string& name) = 0;
  virtual Result<std::vector<Card>> cards() = 0;
  [[nodiscard]] virtual bool exists(const std::string& name) = 0;
  /// Up, and something is at the other end.
  [[nodiscard]] virtual bool has_link(const std::string& name) = 0;
  /// Name of the bond or bridge that it is a port of; "".
  [[nodiscard]] virtual std::string master_of(const std::string& name) = 0;

  /// `kind`: "bond" or "bridge".
  virtual Status create(const std::string& name, const std::string& kind) = 0;
  virtual Status create_vlan(const std::string& name,
                             const std::string& lower,
                             const config::PlannedVlan& vlan) = 0;
  virtual Status set_mac_address(const std::string& name, const std::string& address) = 0;
  virtual Status set_mtu(const std::string& name, unsigned mtu) = 0;
  virtual Status set_up(const std::string& name, bool up) = 0;
  virtual Status set_master(const std::string& name, const std::string& master) = 0;
  /// A file below /sys/class/net or /proc/sys/net.
  [[nodiscard]] virtual Result<std::string> setting(const std::string& path) = 0;
  virtual Status set_setting(const std::string& path, const std::string& value) = 0;
  /// There already is success for both.
  virtual Status add_address(const std::string& name, const config::PlannedAddress& address) = 0;
  virtual Status add_route(const std::string& name, const config::PlannedRoute& route) = 0;
};

}  // namespace kdump::network
