// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/heartbeat.h"

#include "base/fd.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::uint32_t kMagic = 0x1B302A40;
constexpr std::uint32_t kVersion = 1;

struct Destination {
  sockaddr_storage address{};
  socklen_t size = 0;
  Fd socket;
};

/// Nothing when it is no address.
Destination destination(const std::string& text, unsigned port) {
  Destination out;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&out.address, &v4, sizeof(v4));
    out.size = sizeof(v4);
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&out.address, &v6, sizeof(v6));
    out.size = sizeof(v6);
  }
  return out;
}

void send_to(Destination& to) {
  if (to.size == 0) return;
  if (!to.socket.valid()) {
    to.socket = Fd(::socket(to.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  const auto message = heartbeat_message();
  // One that is lost is followed by the next.
  (void)::sendto(to.socket.raw(),
                 message.data(),
                 message.size(),
                 MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to.address),  // NOLINT
                 to.size);
}

[[noreturn]] void run_heartbeat(const config::PlannedFenceKdump& plan,
                                const ProgressMark& mark,
                                Deadline end) {
  std::vector<Destination> nodes;
  for (const std::string& address : plan.addresses) {
    nodes.push_back(destination(address, plan.port));
  }
  for (unsigned sent = 0; Clock::now() < end && (plan.count == 0 || sent < plan.count);) {
    if (Clock::now() < mark.until()) {
      for (Destination& node : nodes) send_to(node);
      ++sent;
    }
    std::this_thread::sleep_for(std::chrono::seconds(plan.interval));
  }
  ::_exit(0);
}

}  // namespace

std::array<std::byte, 8> heartbeat_message() {
  std::array<std::byte, 8> message{};
  std::memcpy(message.data(), &kMagic, sizeof(kMagic));
  std::memcpy(message.data() + sizeof(kMagic), &kVersion, sizeof(kVersion));
  return message;
}

Result<pid_t> start_heartbeat(const config::PlannedFenceKdump& plan,
                              const ProgressMark& mark,
                              Deadline end) {
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "cannot fork the process that sends heartbeats");
  if (pid == 0) run_heartbeat(plan, mark, end);
  return pid;
}

}  // namespace kdump::agent
