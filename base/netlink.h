// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/ip_address.h"
#include "base/result.h"

#include <memory>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <string>

namespace kdump {

/// libnl's objects behind RAII, and its errors as ours. What includes this links libnl-3 and
/// libnl-route-3.
struct NetlinkDeleter {
  void operator()(nl_sock* socket) const { nl_socket_free(socket); }
  void operator()(nl_addr* address) const { nl_addr_put(address); }
  void operator()(nl_cache* cache) const { nl_cache_free(cache); }
  void operator()(rtnl_link* link) const { rtnl_link_put(link); }
  void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
  void operator()(rtnl_route* route) const { rtnl_route_put(route); }
};
template <typename T>
using NetlinkPtr = std::unique_ptr<T, NetlinkDeleter>;

/// A socket that speaks rtnetlink(7).
Result<NetlinkPtr<nl_sock>> open_rtnetlink();

/// What libnl's negative return value means: "DOING: text".
[[nodiscard]] Error netlink_error(int code, const std::string& doing);

/// An address with a prefix length, for requests.
Result<NetlinkPtr<nl_addr>> to_netlink(const IpAddress& address, unsigned prefix_length);
/// Nothing when it is none of IP (or null).
[[nodiscard]] std::optional<IpAddress> from_netlink(const nl_addr* address);

/// "52:54:00:12:34:56": the address burnt into a card, through ethtool's ioctl; "" when its driver
/// tells none.
Result<std::string> permanent_mac_address(const std::string& interface);

}  // namespace kdump
