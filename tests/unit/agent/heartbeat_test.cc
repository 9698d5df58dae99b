// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/heartbeat.h"

#include "base/fd.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace kdump::agent {
namespace {

using namespace std::chrono_literals;

/// A node of the cluster: a UDP socket on loopback.
class Node {
 public:
  Node() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(socket_.raw(), reinterpret_cast<sockaddr*>(&address), size), 0);  // NOLINT
    EXPECT_EQ(::getsockname(socket_.raw(), reinterpret_cast<sockaddr*>(&address), &size),
              0);  // NOLINT
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] config::PlannedFenceKdump plan() const {
    return {{"2001:db8::1", "127.0.0.1"}, port_, 1, 0};
  }
  /// The next message's bytes, or none within the time.
  std::vector<std::uint8_t> receive(std::chrono::milliseconds patience) const {
    pollfd watched{socket_.raw(), POLLIN, 0};
    std::vector<std::uint8_t> bytes(64);
    if (::poll(&watched, 1, static_cast<int>(patience.count())) <= 0) return {};
    const ssize_t size = ::recv(socket_.raw(), bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return bytes;
  }

 private:
  Fd socket_;
  unsigned port_ = 0;
};

struct Sender {
  explicit Sender(pid_t id) : pid(id) {}
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  pid_t pid;
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
const std::vector<std::uint8_t> kMessage = {0x40, 0x2a, 0x30, 0x1b, 1, 0, 0, 0};
#else
const std::vector<std::uint8_t> kMessage = {0x1b, 0x30, 0x2a, 0x40, 0, 0, 0, 1};
#endif

TEST(Heartbeat, IsSentAgainAndAgainWhileTheCaptureLives) {
  const Node node;
  auto mark = ProgressMark::create();
  ASSERT_TRUE(mark);
  mark->alive_until(Clock::now() + 60s);
  const auto pid = start_heartbeat(node.plan(), *mark, Clock::now() + 60s);
  ASSERT_TRUE(pid);
  const Sender sender(*pid);
  EXPECT_EQ(node.receive(5s), kMessage);
  EXPECT_EQ(node.receive(5s), kMessage);
}

TEST(Heartbeat, ACaptureThatHangsIsSilentUntilItMoves) {
  const Node node;
  auto mark = ProgressMark::create();
  ASSERT_TRUE(mark);
  const auto pid = start_heartbeat(node.plan(), *mark, Clock::now() + 60s);
  ASSERT_TRUE(pid);
  const Sender sender(*pid);
  EXPECT_TRUE(node.receive(1500ms).empty());
  mark->alive_until(Clock::now() + 60s);
  EXPECT_EQ(node.receive(5s), kMessage);
  mark->alive_until(Clock::now());
  while (!node.receive(0ms).empty()) {
  }
  EXPECT_TRUE(node.receive(1500ms).empty());
}

TEST(Heartbeat, EndsWithItsDeadlineOrItsCount) {
  const Node node;
  auto mark = ProgressMark::create();
  ASSERT_TRUE(mark);
  mark->alive_until(Clock::now() + 60s);
  config::PlannedFenceKdump plan = node.plan();
  plan.count = 1;
  for (const Deadline end : {Clock::now() + 1ms, Clock::now() + 60s}) {
    const auto pid = start_heartbeat(plan, *mark, end);
    ASSERT_TRUE(pid);
    int status = -1;
    ASSERT_EQ(::waitpid(*pid, &status, 0), *pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

}  // namespace
}  // namespace kdump::agent
