// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/netlink.h"

#include "base/fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace kdump {

Error netlink_error(int code, const std::string& doing) {
  const ErrorKind kind =
      code == -NLE_OBJ_NOTFOUND || code == -NLE_NODEV ? ErrorKind::kNotFound : ErrorKind::kSystem;
  return make_error(kind, "{}: {}", doing, nl_geterror(code));
}

Result<NetlinkPtr<nl_sock>> open_rtnetlink() {
  NetlinkPtr<nl_sock> socket(nl_socket_alloc());
  if (!socket) return make_error(ErrorKind::kSystem, "out of memory");
  const int failed = nl_connect(socket.get(), NETLINK_ROUTE);
  if (failed < 0) return netlink_error(failed, "cannot ask the kernel for the network");
  return socket;
}

Result<NetlinkPtr<nl_addr>> to_netlink(const IpAddress& address, unsigned prefix_length) {
  const int family = address.family() == IpAddress::Family::kV4 ? AF_INET : AF_INET6;
  const std::string text = address.to_string();
  nl_addr* parsed = nullptr;
  const int failed = nl_addr_parse(text.c_str(), family, &parsed);
  if (failed < 0) return netlink_error(failed, text);
  nl_addr_set_prefixlen(parsed, static_cast<int>(prefix_length));
  return NetlinkPtr<nl_addr>(parsed);
}

std::optional<IpAddress> from_netlink(const nl_addr* address) {
  if (address == nullptr) return std::nullopt;
  std::array<char, 128> text{};
  nl_addr2str(address, text.data(), text.size());
  std::string_view word(text.data());
  word = word.substr(0, word.find('/'));
  // libnl writes an address of all zeros as it does others, and no address as "none".
  return IpAddress::parse(word);
}

Result<std::string> permanent_mac_address(const std::string& interface) {
  constexpr std::size_t kMacBytes = 6;
  constexpr std::size_t kRoom = 32;  // MAX_ADDR_LEN in include/linux/netdevice.h
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return system_error(errno, "socket");
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) {
    return make_error(ErrorKind::kBadData, "{}: no name of an interface", interface);
  }
  std::memcpy(request.ifr_name, interface.data(), interface.size());  // NOLINT
  alignas(ethtool_perm_addr) std::array<std::uint8_t, sizeof(ethtool_perm_addr) + kRoom> reply{};
  ethtool_perm_addr header{};
  header.cmd = ETHTOOL_GPERMADDR;
  header.size = kRoom;
  std::memcpy(reply.data(), &header, sizeof header);
  request.ifr_data = reinterpret_cast<char*>(reply.data());  // NOLINT
  if (::ioctl(socket.raw(), SIOCETHTOOL, &request) != 0) {
    if (errno == EOPNOTSUPP) return std::string();
    return system_error(errno, "cannot ask {} for its permanent address", interface);
  }
  std::memcpy(&header, reply.data(), sizeof header);
  const std::uint8_t* bytes = reply.data() + sizeof header;
  const bool told = header.size == kMacBytes &&
                    std::any_of(bytes, bytes + kMacBytes, [](std::uint8_t b) { return b != 0; });
  if (!told) return std::string();
  return fmt::format("{:02x}", fmt::join(bytes, bytes + kMacBytes, ":"));
}

}  // namespace kdump
