// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "mkdumprd/host_network.h"
#include "tests/support/temp_tree.h"

#include <map>
#include <string>

namespace kdump::mkdumprd::test {

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

/// A host's network as it was seen, with its part of sysfs in a tree: cards are PCI devices below
/// /sys/devices/pci0000:00.
class RecordedNetwork : public HostNetwork {
 public:
  explicit RecordedNetwork(const kdump::test::TempTree& tree) : tree_(tree) {
    recorded.node_name = "db1.example.net";
  }

  Result<NetworkState> state() override { return recorded; }
  Result<NetworkRoute> route_to(const IpAddress& address) override {
    const auto found = routes.find(address.to_string());
    if (found != routes.end()) return found->second;
    return make_error(ErrorKind::kNotFound, "no route to {}", address.to_string());
  }
  Result<std::vector<IpAddress>> resolve(const std::string& name) override {
    if (const auto literal = IpAddress::parse(name)) return std::vector<IpAddress>{*literal};
    const auto found = names.find(name);
    if (found != names.end()) return found->second;
    return make_error(ErrorKind::kNotFound, "cannot find the address of {}", name);
  }

  /// Interface number `index` with the address 52:54:00:00:00:<index>.
  NetworkLink& add_link(int index, const std::string& name, const std::string& kind = "") {
    NetworkLink link;
    link.index = index;
    link.name = name;
    link.kind = kind;
    link.is_ethernet = true;
    link.mtu = 1500;
    link.mac_address = fmt::format("52:54:00:00:00:{:02x}", index);
    recorded.links.push_back(link);
    return recorded.links.back();
  }
  /// A card of the driver virtio_net.
  NetworkLink& add_card(int index, const std::string& name) {
    NetworkLink& link = add_link(index, name);
    link.permanent_address = link.mac_address;
    const std::string device = device_of(index);
    tree_.write(device + "/modalias", "virtio:d00000001v00001AF4\n");
    tree_.make_directory("/sys/bus/virtio/drivers/virtio_net");
    tree_.link(device + "/driver", "../../../bus/virtio/drivers/virtio_net");
    tree_.link("/sys/class/net/" + name + "/device", "../../../.." + device);
    return link;
  }
  static std::string device_of(int index) {
    return fmt::format("/sys/devices/pci0000:00/0000:00:{:02x}.0", index);
  }
  void add_address(int link, const std::string& address, unsigned prefix_length) {
    recorded.addresses.push_back({link, ip(address), prefix_length});
  }
  void add_route(const std::string& to,
                 int link,
                 const std::string& source,
                 const std::string& gateway = "") {
    NetworkRoute route;
    route.link = link;
    route.source = ip(source);
    if (!gateway.empty()) route.gateway = ip(gateway);
    routes[to] = route;
  }
  /// A file of /sys/class/net/NAME.
  void set(const std::string& name, const std::string& file, const std::string& value) const {
    tree_.write("/sys/class/net/" + name + "/" + file, value + "\n");
  }
  /// br0 (192.0.2.7/24) on bond0.7 on bond0 on eth0 and eth1; a guest's vnet0 on br0, too.
  void add_stack() {
    for (const int index : {2, 3}) {
      NetworkLink& card = add_card(index, fmt::format("eth{}", index - 2));
      card.master = 4;
      card.mac_address = "52:54:00:00:00:04";
    }
    add_link(4, "bond0", "bond").mtu = 9000;
    set("bond0", "bonding/slaves", "eth0 eth1");
    set("bond0", "bonding/mode", "active-backup 1");
    set("bond0", "bonding/fail_over_mac", "none 0");
    set("bond0", "bonding/miimon", "100");
    set("bond0", "bonding/updelay", "0");
    set("bond0", "bonding/arp_ip_target", "192.0.2.1 192.0.2.2");
    set("bond0", "bonding/primary", "eth1");
    NetworkLink& vlan = add_link(5, "bond0.7", "vlan");
    vlan.lower = 4;
    vlan.master = 6;
    vlan.vlan_id = 7;
    vlan.mac_address = "52:54:00:00:00:04";
    add_link(6, "br0", "bridge");
    add_link(7, "vnet0", "tun").master = 6;
    set("br0", "bridge/stp_state", "0");
    set("br0", "bridge/forward_delay", "1500");
    set("br0", "bridge/vlan_filtering", "0");
    set("br0", "brif/bond0.7/state", "3");
    set("br0", "brif/vnet0/state", "3");
    add_address(6, "192.0.2.7", 24);
  }

  NetworkState recorded;
  std::map<std::string, NetworkRoute> routes;
  std::map<std::string, std::vector<IpAddress>> names;

 private:
  const kdump::test::TempTree& tree_;
};

}  // namespace kdump::mkdumprd::test
