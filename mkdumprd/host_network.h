// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/ip_address.h"
#include "base/result.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// An interface as rtnetlink shows it.
struct NetworkLink {
  int index = 0;
  std::string name;
  std::string kind;  ///< "vlan", "bond", "bridge", "team" ...; "" for a card
  bool is_ethernet = false;
  std::string mac_address;
  std::string permanent_address;  ///< "" when the driver tells none
  unsigned mtu = 0;
  int lower = 0;                  ///< index of what a VLAN lies on; 0
  int master = 0;                 ///< index of what it is a port of; 0
  unsigned vlan_id = 0;           ///< of a VLAN
  bool vlan_service_tag = false;  ///< likewise; 802.1ad
};

struct NetworkAddress {
  int link = 0;  ///< index
  IpAddress address;
  unsigned prefix_length = 0;
  bool is_temporary = false;  ///< an IPv6 privacy address, which another replaces after a day
};

/// How the kernel would reach an address now.
struct NetworkRoute {
  int link = 0;           ///< index
  bool is_local = false;  ///< the address is this host's own
  std::optional<IpAddress> gateway;
  std::optional<IpAddress> source;
};

struct NetworkState {
  std::vector<NetworkLink> links;
  std::vector<NetworkAddress> addresses;
  std::string node_name;  ///< of this host
};

/// What is asked of the running host about its network.
class HostNetwork {
 public:
  HostNetwork() = default;
  HostNetwork(const HostNetwork&) = delete;
  HostNetwork& operator=(const HostNetwork&) = delete;
  virtual ~HostNetwork() = default;

  virtual Result<NetworkState> state() = 0;
  virtual Result<NetworkRoute> route_to(const IpAddress& address) = 0;
  /// All addresses of a name in the resolver's order, each once; those of an address are itself.
  virtual Result<std::vector<IpAddress>> resolve(const std::string& name) = 0;
};

}  // namespace kdump::mkdumprd
