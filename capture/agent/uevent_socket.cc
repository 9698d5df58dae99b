// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/uevent_socket.h"

#include "base/text.h"
#include "capture/agent/poll_timeout.h"

#include <array>
#include <cerrno>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

namespace kdump::agent {
namespace {

constexpr std::uint32_t kKernelGroup = 1;  // group 2 is udevd's
// UEVENT_BUFFER_SIZE of the kernel is 2 KiB; the header comes on top.
constexpr std::size_t kMaxEvent = 8192;

}  // namespace

bool is_block_uevent(std::string_view datagram) {
  for (const std::string_view field : split(datagram, '\0')) {
    if (field == "SUBSYSTEM=block") return true;
  }
  return false;
}

Result<UeventSocket> UeventSocket::open() {
  Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  if (!fd.valid()) return system_error(errno, "cannot listen to device events");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelGroup;
  if (::bind(fd.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {  // NOLINT
    return system_error(errno, "cannot listen to device events");
  }
  return UeventSocket(std::move(fd));
}

bool UeventSocket::drain() {
  bool block = false;
  std::array<char, kMaxEvent> datagram{};
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof(sender);
    const ssize_t got = ::recvfrom(fd_.raw(),
                                   datagram.data(),
                                   datagram.size(),
                                   0,
                                   reinterpret_cast<sockaddr*>(&sender),  // NOLINT
                                   &sender_size);
    if (got < 0 && errno == EINTR) continue;
    // ENOBUFS: events were lost, so anything may have changed.
    if (got < 0) return block || errno == ENOBUFS;
    const bool from_kernel = sender.nl_pid == 0;
    if (from_kernel) last_event_ = Clock::now();
    const std::string_view text(datagram.data(), static_cast<std::size_t>(got));
    block = block || (from_kernel && is_block_uevent(text));
  }
}

bool UeventSocket::wait(Deadline until) {
  for (;;) {
    if (drain()) return true;
    if (Clock::now() >= until) return false;
    pollfd watched{fd_.raw(), POLLIN, 0};
    ::poll(&watched, 1, poll_timeout(until));
  }
}

}  // namespace kdump::agent
