// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/server_answer.h"

#include "base/fd.h"
#include "capture/agent/poll_timeout.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace kdump::agent {
namespace {

/// A port of a switch may pass nothing for the first 30 s of a link (IEEE 802.1D: twice its forward
/// delay of 15 s), part of which has passed when the network is up.
constexpr std::chrono::seconds kSilence{30};
/// For a server that answers and has a successor.
constexpr std::chrono::seconds kPatience{45};
constexpr std::chrono::seconds kConnectPatience{3};
constexpr std::chrono::seconds kRetryInterval{1};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<SocketAddress> socket_address(const std::string& address, unsigned port) {
  SocketAddress out;
  const auto number = htons(static_cast<std::uint16_t>(port));
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = number, .sin_addr = {}, .sin_zero = {}};
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = number;
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    std::memcpy(&out.storage, &v4, sizeof(v4));
    out.size = sizeof(v4);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    std::memcpy(&out.storage, &v6, sizeof(v6));
    out.size = sizeof(v6);
  } else {
    return make_error(ErrorKind::kUsage, "{} is no IP address", address);
  }
  return out;
}

}  // namespace

Status connect_tcp(const std::string& address, unsigned port, Deadline deadline) {
  const SocketAddress to = TRY(socket_address(address, port));
  const Fd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return system_error(errno, "socket");
  if (::connect(fd.raw(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) ==
      0) {  // NOLINT
    return {};
  }
  if (errno != EINPROGRESS) return system_error(errno, "{} port {}", address, port);
  for (;;) {
    pollfd watched{fd.raw(), POLLOUT, 0};
    const int ready = ::poll(&watched, 1, poll_timeout(deadline));
    if (ready > 0) break;
    if (ready < 0 && errno != EINTR) return system_error(errno, "poll");
    if (Clock::now() >= deadline) return system_error(ETIMEDOUT, "{} port {}", address, port);
  }
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd.raw(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return system_error(error, "{} port {}", address, port);
  return {};
}

Deadline server_deadline(const CaptureContext& context, Deadline step) {
  return is_followed(context) ? std::min(step, context.system.now() + kPatience) : step;
}

Status wait_for_server(const CaptureContext& context,
                       const std::string& server,
                       const std::vector<std::string>& addresses,
                       unsigned port,
                       Deadline deadline) {
  const Deadline start = context.system.now();
  const Deadline end = is_followed(context) ? std::min(deadline, start + kSilence) : deadline;
  std::string why;
  for (;;) {
    for (const std::string& address : addresses) {
      const auto answer = context.system.connect(
          address, port, std::min(end, context.system.now() + kConnectPatience));
      if (answer || answer.error().code == ECONNREFUSED) return {};
      why = answer.error().message;
    }
    const Deadline now = context.system.now();
    if (now + kRetryInterval >= end) break;
    (void)context.system.wait_for_devices(now + kRetryInterval);  // retried either way
  }
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(end - start);
  return make_error(ErrorKind::kTimeout,
                    "{} does not answer: no TCP connection in {} s ({})",
                    server,
                    waited.count(),
                    why);
}

}  // namespace kdump::agent
