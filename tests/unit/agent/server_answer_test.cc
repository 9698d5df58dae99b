// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/server_answer.h"

#include "base/fd.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

namespace kdump::agent {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

TEST(ConnectTcp, SaysWhoIsThere) {
  const Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT
  ASSERT_EQ(::bind(server.raw(), generic, sizeof(address)), 0);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::getsockname(server.raw(), generic, &size), 0);
  const unsigned port = ntohs(address.sin_port);
  const auto refused = connect_tcp("127.0.0.1", port, Clock::now() + seconds(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ECONNREFUSED);
  ASSERT_EQ(::listen(server.raw(), 1), 0);
  EXPECT_TRUE(connect_tcp("127.0.0.1", port, Clock::now() + seconds(5)));
  EXPECT_FALSE(connect_tcp("localhost", port, Clock::now() + seconds(5)));
}

class ServerAnswer : public testing::Test, public CaptureFixture {
 protected:
  Status wait(unsigned most_seconds) {
    return wait_for_server(context(),
                           "filer",
                           {"192.0.2.9", "2001:db8::9"},
                           2049,
                           system.now() + seconds(most_seconds));
  }
  void answer(int code) {
    system.on_connect = [this, code](const std::string&, Deadline deadline) -> Status {
      system.advance(
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
      return system_error(code, "no");
    };
  }
  [[nodiscard]] seconds took(Deadline start) const {
    return std::chrono::duration_cast<seconds>(system.now() - start);
  }
};

TEST_F(ServerAnswer, OneAddressIsEnough) {
  system.on_connect = [](const std::string& address, Deadline) -> Status {
    if (address == "2001:db8::9") return {};
    return system_error(EHOSTUNREACH, "no");
  };
  EXPECT_TRUE(wait(240));
  EXPECT_EQ(system.calls_to("connect").size(), 2U);
}

TEST_F(ServerAnswer, ARefusalIsAnAnswer) {
  system.on_connect = [](const std::string&, Deadline) -> Status {
    return system_error(ECONNREFUSED, "no");
  };
  EXPECT_TRUE(wait(240));
}

TEST_F(ServerAnswer, TheLastTargetsServerHasAllTheTime) {
  answer(ETIMEDOUT);
  const Deadline start = system.now();
  const auto silent = wait(240);
  ASSERT_FALSE(silent);
  EXPECT_THAT(silent.error().message, HasSubstr("filer does not answer"));
  EXPECT_GE(took(start), seconds(230));
  EXPECT_EQ(server_deadline(context(), start + seconds(240)), start + seconds(240));
}

TEST_F(ServerAnswer, OneThatIsFollowedIsGivenUpEarlier) {
  add_fallback();
  answer(ETIMEDOUT);
  const Deadline start = system.now();
  EXPECT_FALSE(wait(240));
  EXPECT_LE(took(start), seconds(30));
  EXPECT_LE(server_deadline(context(), start + seconds(240)), system.now() + seconds(45));
}

}  // namespace
}  // namespace kdump::agent
