// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/linux_host_network.h"

#include "base/netlink.h"
#include "base/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/nexthop.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kdump::mkdumprd {
namespace {

std::string text_of(const char* text) { return text == nullptr ? std::string() : text; }

Result<NetworkLink> read_link(rtnl_link* link) {
  NetworkLink out;
  out.index = rtnl_link_get_ifindex(link);
  out.name = text_of(rtnl_link_get_name(link));
  out.kind = text_of(rtnl_link_get_type(link));
  out.is_ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER;
  out.mtu = rtnl_link_get_mtu(link);
  out.master = rtnl_link_get_master(link);
  if (const nl_addr* address = rtnl_link_get_addr(link); address != nullptr && out.is_ethernet) {
    std::array<char, 64> text{};
    out.mac_address = nl_addr2str(address, text.data(), text.size());
  }
  if (out.is_ethernet && out.kind.empty()) {
    out.permanent_address = TRY(permanent_mac_address(out.name));
  }
  if (rtnl_link_is_vlan(link) != 0) {
    out.lower = rtnl_link_get_link(link);
    out.vlan_id = static_cast<unsigned>(rtnl_link_vlan_get_id(link));
    // In network order, as it was set.
    const auto protocol = static_cast<std::uint16_t>(rtnl_link_vlan_get_protocol(link));
    out.vlan_service_tag = ntohs(protocol) == ETH_P_8021AD;
  }
  return out;
}

Result<NetlinkPtr<nl_cache>> read_cache(int (*read)(nl_sock*, nl_cache**), nl_sock* socket) {
  nl_cache* cache = nullptr;
  const int failed = read(socket, &cache);
  if (failed < 0) return netlink_error(failed, "cannot list the network");
  return NetlinkPtr<nl_cache>(cache);
}

template <typename Row, typename Use>
Status for_each(nl_cache* cache, Use use) {
  for (nl_object* row = nl_cache_get_first(cache); row != nullptr; row = nl_cache_get_next(row)) {
    TRY(use(reinterpret_cast<Row*>(row)));  // NOLINT: libnl's own idiom for rows of a cache
  }
  return {};
}

}  // namespace

Status LinuxHostNetwork::check_root() const {
  if (root_.is_host()) return {};
  return make_error(ErrorKind::kUnsupported,
                    "the way to a dump target on the network is read from the running host, not "
                    "from {}. Build the image without --root",
                    root_.prefix());
}

Result<NetworkState> LinuxHostNetwork::state() {
  TRY(check_root());
  const NetlinkPtr<nl_sock> socket = TRY(open_rtnetlink());
  NetworkState state;
  const auto links = TRY(
      read_cache([](nl_sock* s, nl_cache** c) { return rtnl_link_alloc_cache(s, AF_UNSPEC, c); },
                 socket.get()));
  TRY(for_each<rtnl_link>(links.get(), [&](rtnl_link* link) -> Status {
    state.links.push_back(TRY(read_link(link)));
    return {};
  }));
  const auto addresses = TRY(read_cache(rtnl_addr_alloc_cache, socket.get()));
  TRY(for_each<rtnl_addr>(addresses.get(), [&](rtnl_addr* row) -> Status {
    nl_addr* local = rtnl_addr_get_local(row);
    if (const auto address = from_netlink(local)) {
      state.addresses.push_back({rtnl_addr_get_ifindex(row),
                                 *address,
                                 static_cast<unsigned>(rtnl_addr_get_prefixlen(row)),
                                 (rtnl_addr_get_flags(row) & IFA_F_TEMPORARY) != 0});
    }
    return {};
  }));
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return system_error(errno, "gethostname");
  state.node_name = name.data();
  return state;
}

Result<NetworkRoute> LinuxHostNetwork::route_to(const IpAddress& address) {
  TRY(check_root());
  const NetlinkPtr<nl_sock> socket = TRY(open_rtnetlink());
  const NetlinkPtr<nl_addr> destination = TRY(to_netlink(address, address.bits()));
  rtnl_route* found = nullptr;
  const int failed = rtnl_route_lookup(socket.get(), destination.get(), &found);
  const NetlinkPtr<rtnl_route> route(found);
  if (failed < 0 || !route) {
    return netlink_error(failed, fmt::format("no route to {}", address.to_string()));
  }
  NetworkRoute out;
  out.is_local = rtnl_route_get_type(route.get()) == RTN_LOCAL;
  out.source = from_netlink(rtnl_route_get_pref_src(route.get()));
  if (rtnl_route_get_nnexthops(route.get()) > 0) {
    rtnl_nexthop* hop = rtnl_route_nexthop_n(route.get(), 0);
    out.link = rtnl_route_nh_get_ifindex(hop);
    out.gateway = from_netlink(rtnl_route_nh_get_gateway(hop));
    // An IPv4 route over an IPv6 gateway.
    if (!out.gateway) out.gateway = from_netlink(rtnl_route_nh_get_via(hop));
  }
  return out;
}

Result<std::vector<IpAddress>> LinuxHostNetwork::resolve(const std::string& name) {
  TRY(check_root());
  if (const auto literal = IpAddress::parse(name)) return std::vector<IpAddress>{*literal};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, [](addrinfo* list) {
    if (list != nullptr) ::freeaddrinfo(list);
  });
  if (failed != 0) {
    return make_error(ErrorKind::kNotFound,
                      "cannot find the address of {} ({}). Repair the name service, or name the "
                      "address in kdump.conf",
                      escape_control(name),
                      ::gai_strerror(failed));
  }
  std::vector<IpAddress> out;
  for (const addrinfo* row = found; row != nullptr; row = row->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    const int bad = ::getnameinfo(row->ai_addr,
                                  row->ai_addrlen,
                                  text.data(),
                                  static_cast<socklen_t>(text.size()),
                                  nullptr,
                                  0,
                                  NI_NUMERICHOST);
    const auto address = bad == 0 ? IpAddress::parse(text.data()) : std::nullopt;
    if (address && std::find(out.begin(), out.end(), *address) == out.end()) {
      out.push_back(*address);
    }
  }
  if (!out.empty()) return out;
  if (name.find('%') != std::string::npos) {
    return make_error(ErrorKind::kUnsupported,
                      "{} is an address on the link only. Name another address of the server",
                      escape_control(name));
  }
  return make_error(
      ErrorKind::kNotFound, "{} has no address that can be used", escape_control(name));
}

}  // namespace kdump::mkdumprd
