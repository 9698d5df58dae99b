// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/network/linux_network_kernel.h"

#include "base/text.h"

#include <cerrno>
#include <filesystem>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/errno.h>
#include <netlink/route/link/vlan.h>
#include <thread>
#include <unistd.h>

namespace kdump::network {
namespace {

std::string link_name(const SysRoot& root, const std::string& path) {
  const auto target = root.read_link(path);
  return target ? std::filesystem::path(*target).filename().string() : std::string();
}

Result<NetlinkPtr<rtnl_link>> new_link() {
  NetlinkPtr<rtnl_link> link(rtnl_link_alloc());
  if (!link) return make_error(ErrorKind::kSystem, "out of memory");
  return link;
}

/// For a dotted text that the plan's reader has looked at.
Result<NetlinkPtr<nl_addr>> address_of(const std::string& text, unsigned prefix_length) {
  const auto address = IpAddress::parse(text);
  if (!address) return make_error(ErrorKind::kBadData, "{} is no IP address", escape_control(text));
  return to_netlink(*address, prefix_length);
}

Result<NetlinkPtr<nl_addr>> host_address(const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address) return make_error(ErrorKind::kBadData, "{} is no IP address", escape_control(text));
  return to_netlink(*address, address->bits());
}

}  // namespace

Result<LinuxNetworkKernel> LinuxNetworkKernel::open(SysRoot root) {
  NetlinkPtr<nl_sock> socket = TRY(open_rtnetlink());
  return LinuxNetworkKernel(std::move(root), std::move(socket));
}

void LinuxNetworkKernel::sleep(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
}

Status LinuxNetworkKernel::set_node_name(const std::string& name) {
  if (::sethostname(name.data(), name.size()) == 0) return {};
  return system_error(errno, "cannot call this machine {}", name);
}

Result<std::vector<Card>> LinuxNetworkKernel::cards() {
  std::vector<Card> out;
  for (const std::string& name : TRY(root_.list("/sys/class/net"))) {
    const std::string folder = "/sys/class/net/" + name;
    const auto type = root_.read_value(folder + "/type");
    const auto device = root_.resolve(folder + "/device");
    if (!device || !type || parse_unsigned(*type) != ARPHRD_ETHER) continue;
    const auto permanent = permanent_mac_address(name);
    const auto present = root_.read_value(folder + "/address");
    if (!permanent || !present) continue;  // it has just gone
    out.push_back({name,
                   permanent->empty() ? *present : *permanent,
                   link_name(root_, folder + "/device/driver"),
                   *device});
  }
  return out;
}

Result<NetlinkPtr<rtnl_link>> LinuxNetworkKernel::find(const std::string& name) {
  rtnl_link* link = nullptr;
  const int failed = rtnl_link_get_kernel(socket_.get(), 0, name.c_str(), &link);
  if (failed < 0) return netlink_error(failed, name);
  return NetlinkPtr<rtnl_link>(link);
}

bool LinuxNetworkKernel::exists(const std::string& name) {
  return root_.exists("/sys/class/net/" + name);
}

bool LinuxNetworkKernel::has_link(const std::string& name) {
  const auto link = find(name);
  if (!link) return false;
  const unsigned flags = rtnl_link_get_flags(link->get());
  return (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
}

std::string LinuxNetworkKernel::master_of(const std::string& name) {
  return link_name(root_, "/sys/class/net/" + name + "/master");
}

Status LinuxNetworkKernel::add(rtnl_link* link, const std::string& doing) {
  const int failed = rtnl_link_add(socket_.get(), link, NLM_F_CREATE | NLM_F_EXCL);
  if (failed < 0 && failed != -NLE_EXIST) return netlink_error(failed, doing);
  return {};
}

Status LinuxNetworkKernel::create(const std::string& name, const std::string& kind) {
  const NetlinkPtr<rtnl_link> link = TRY(new_link());
  rtnl_link_set_name(link.get(), name.c_str());
  const int failed = rtnl_link_set_type(link.get(), kind.c_str());
  if (failed < 0) return netlink_error(failed, kind);
  return add(link.get(), fmt::format("cannot create the {} {}", kind, name));
}

Status LinuxNetworkKernel::create_vlan(const std::string& name,
                                       const std::string& lower,
                                       const config::PlannedVlan& vlan) {
  const NetlinkPtr<rtnl_link> below = TRY(find(lower));
  const NetlinkPtr<rtnl_link> link(rtnl_link_vlan_alloc());
  if (!link) return make_error(ErrorKind::kSystem, "out of memory");
  rtnl_link_set_name(link.get(), name.c_str());
  rtnl_link_set_link(link.get(), rtnl_link_get_ifindex(below.get()));
  rtnl_link_vlan_set_id(link.get(), static_cast<std::uint16_t>(vlan.id));
  rtnl_link_vlan_set_protocol(link.get(),
                              htons(vlan.service_tag ? ETH_P_8021AD : ETH_P_8021Q));  // NOLINT
  return add(link.get(), fmt::format("cannot create the VLAN {} on {}", name, lower));
}

Status LinuxNetworkKernel::change(const std::string& name,
                                  rtnl_link* changes,
                                  const std::string& doing) {
  const NetlinkPtr<rtnl_link> link = TRY(find(name));
  const int failed = rtnl_link_change(socket_.get(), link.get(), changes, 0);
  if (failed < 0) return netlink_error(failed, doing);
  return {};
}

Status LinuxNetworkKernel::set_mac_address(const std::string& name, const std::string& address) {
  const auto present = root_.read_value("/sys/class/net/" + name + "/address");
  if (present && *present == address) return {};
  nl_addr* parsed = nullptr;
  const int failed = nl_addr_parse(address.c_str(), AF_LLC, &parsed);
  if (failed < 0) return netlink_error(failed, address);
  const NetlinkPtr<nl_addr> owner(parsed);
  const NetlinkPtr<rtnl_link> changes = TRY(new_link());
  rtnl_link_set_addr(changes.get(), parsed);
  return change(name, changes.get(), fmt::format("cannot give {} the address {}", name, address));
}

Status LinuxNetworkKernel::set_mtu(const std::string& name, unsigned mtu) {
  const NetlinkPtr<rtnl_link> changes = TRY(new_link());
  rtnl_link_set_mtu(changes.get(), mtu);
  return change(name, changes.get(), fmt::format("cannot give {} an MTU of {}", name, mtu));
}

Status LinuxNetworkKernel::set_up(const std::string& name, bool up) {
  const NetlinkPtr<rtnl_link> changes = TRY(new_link());
  if (up) {
    rtnl_link_set_flags(changes.get(), IFF_UP);
  } else {
    rtnl_link_unset_flags(changes.get(), IFF_UP);
  }
  return change(name, changes.get(), fmt::format("cannot set {} {}", name, up ? "up" : "down"));
}

Status LinuxNetworkKernel::set_master(const std::string& name, const std::string& master) {
  const NetlinkPtr<rtnl_link> above = TRY(find(master));
  const NetlinkPtr<rtnl_link> below = TRY(find(name));
  const int failed = rtnl_link_enslave(socket_.get(), above.get(), below.get());
  if (failed < 0) return netlink_error(failed, fmt::format("cannot add {} to {}", name, master));
  return {};
}

Result<std::string> LinuxNetworkKernel::setting(const std::string& path) {
  return root_.read_value(path);
}

Status LinuxNetworkKernel::set_setting(const std::string& path, const std::string& value) {
  return write_attribute(root_.path(path), value);
}

Status LinuxNetworkKernel::add_address(const std::string& name,
                                       const config::PlannedAddress& address) {
  const NetlinkPtr<rtnl_link> link = TRY(find(name));
  const NetlinkPtr<nl_addr> local = TRY(address_of(address.address, address.prefix_length));
  const NetlinkPtr<rtnl_addr> request(rtnl_addr_alloc());
  if (!request) return make_error(ErrorKind::kSystem, "out of memory");
  rtnl_addr_set_ifindex(request.get(), rtnl_link_get_ifindex(link.get()));
  int failed = rtnl_addr_set_local(request.get(), local.get());
  // No other host had the address a moment ago.
  rtnl_addr_set_flags(request.get(), IFA_F_NODAD);
  if (failed >= 0) failed = rtnl_addr_add(socket_.get(), request.get(), 0);
  if (failed >= 0 || failed == -NLE_EXIST) return {};
  return netlink_error(failed, fmt::format("cannot give {} the address {}", name, address.address));
}

Status LinuxNetworkKernel::add_route(const std::string& name, const config::PlannedRoute& route) {
  const NetlinkPtr<rtnl_link> link = TRY(find(name));
  const NetlinkPtr<nl_addr> destination = TRY(address_of(route.destination, route.prefix_length));
  const NetlinkPtr<rtnl_route> request(rtnl_route_alloc());
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  if (!request || hop == nullptr) return make_error(ErrorKind::kSystem, "out of memory");
  rtnl_route_add_nexthop(request.get(), hop);  // which owns it now
  rtnl_route_nh_set_ifindex(hop, rtnl_link_get_ifindex(link.get()));
  int failed = rtnl_route_set_dst(request.get(), destination.get());
  if (!route.gateway.empty()) {
    const NetlinkPtr<nl_addr> gateway = TRY(host_address(route.gateway));
    rtnl_route_nh_set_gateway(hop, gateway.get());
  }
  if (!route.source.empty()) {
    const NetlinkPtr<nl_addr> source = TRY(host_address(route.source));
    if (failed >= 0) failed = rtnl_route_set_pref_src(request.get(), source.get());
  }
  rtnl_route_set_scope(request.get(),
                       static_cast<std::uint8_t>(rtnl_route_guess_scope(request.get())));
  if (failed >= 0) failed = rtnl_route_add(socket_.get(), request.get(), 0);
  if (failed >= 0 || failed == -NLE_EXIST) return {};
  return netlink_error(
      failed,
      fmt::format(
          "cannot add the route to {}/{} over {}", route.destination, route.prefix_length, name));
}

}  // namespace kdump::network
