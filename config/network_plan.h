// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace kdump::config {

/// Where the program that applies a PlannedNetwork lies in the images that have one.
inline constexpr const char* kImageNetworkPath = "/usr/bin/kdump-network";

/// A card. Names differ between kernels, so it is found by what it is.
struct PlannedEthernet {
  std::string permanent_address;  ///< "52:54:00:12:34:56"; "" when its driver tells none
  std::string driver;             ///< decides between several with that address; "" unknown
  std::string device;             ///< "/sys/devices/..."; decides without an address
  friend bool operator==(const PlannedEthernet&, const PlannedEthernet&) = default;
};

struct PlannedVlan {
  std::string lower;         ///< name of an earlier interface of the plan
  unsigned id = 0;           ///< 1 to 4094
  bool service_tag = false;  ///< 802.1ad instead of 802.1Q
  friend bool operator==(const PlannedVlan&, const PlannedVlan&) = default;
};

/// A file of /sys/class/net/NAME/bonding or .../bridge and what to write to it.
struct PlannedSetting {
  std::string name;  ///< lower case letters and '_' only
  std::string value;
  friend bool operator==(const PlannedSetting&, const PlannedSetting&) = default;
};

struct PlannedBond {
  std::vector<PlannedSetting> settings;  ///< in this order, before it has ports; "mode" first
  std::vector<std::string> ports;        ///< names of earlier interfaces; one is enough to go on
  std::string primary;                   ///< one of the ports, or ""
  friend bool operator==(const PlannedBond&, const PlannedBond&) = default;
};

struct PlannedBridge {
  std::vector<PlannedSetting> settings;
  std::vector<std::string> ports;  ///< as above
  friend bool operator==(const PlannedBridge&, const PlannedBridge&) = default;
};

struct PlannedAddress {
  std::string address;  ///< IPv4 or IPv6
  unsigned prefix_length = 0;
  friend bool operator==(const PlannedAddress&, const PlannedAddress&) = default;
};

struct PlannedInterface {
  std::string name;  ///< on the host; what is created gets it, cards keep the one they have
  std::variant<PlannedEthernet, PlannedVlan, PlannedBond, PlannedBridge> kind;
  std::string mac_address;  ///< the address to give it; "" the one it has by itself
  unsigned mtu = 0;         ///< 0: as it comes
  std::vector<PlannedAddress> addresses;
  friend bool operator==(const PlannedInterface&, const PlannedInterface&) = default;
};

struct PlannedRoute {
  std::string destination;  ///< "0.0.0.0"
  unsigned prefix_length = 0;
  std::string gateway;    ///< "" when the destination is on the link
  std::string interface;  ///< name of one of the plan's
  std::string source;     ///< preferred source address; ""
  friend bool operator==(const PlannedRoute&, const PlannedRoute&) = default;
};

/// What to set up before a target on the network can be reached.
struct PlannedNetwork {
  std::string node_name;  ///< the host's, for sethostname(2): servers know their clients by it
  std::vector<PlannedInterface> interfaces;  ///< each after those it is made of
  std::vector<PlannedRoute> routes;          ///< in this order
  friend bool operator==(const PlannedNetwork&, const PlannedNetwork&) = default;
};

}  // namespace kdump::config
