// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/nfs_mount.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NfsMount : public testing::Test, public CaptureFixture {
 protected:
  NfsMount() {
    plan.targets[0].place = config::PlannedNfs{
        "filer", "/dumps", {"192.0.2.9", "2001:db8::9"}, {"4.2", "3"}, 0x400, "soft", "/var/crash"};
    plan.targets[0].host_name = "192.0.2.7";
  }
  Status mount() {
    const auto& nfs = std::get<config::PlannedNfs>(plan.targets[0].place);
    return mount_nfs(context(), nfs, tree.path("/kdumproot"));
  }
  /// The first words of the options of each attempt.
  std::vector<std::string> attempts() {
    std::vector<std::string> out;
    for (const std::string& call : system.calls_to("mount")) {
      const auto start = call.find("vers=");
      out.push_back(call.substr(start, call.find(",proto") - start));
    }
    return out;
  }
  /// Answers one after the other; the last one for ever. 0: mounted. ETIMEDOUT: no answer at all.
  void answer(std::vector<int> codes) {
    system.on_mount = [this, codes](Deadline) -> Status {
      const std::size_t i = std::min(system.calls_to("mount").size(), codes.size()) - 1;
      if (codes[i] == 0) return {};
      if (codes[i] == ETIMEDOUT) system.advance(std::chrono::seconds(25));
      return system_error(codes[i], "cannot mount");
    };
  }
};

TEST_F(NfsMount, TheDumpGoesToTheExport) {
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved) << recorded();
  EXPECT_THAT(system.calls_to("mount"),
              ElementsAre("mount filer:/dumps " + tree.path("/kdumproot") +
                          " nfs 0x400 'vers=4.2,addr=192.0.2.9,proto=tcp,soft'"));
  EXPECT_TRUE(tree.exists("/kdumproot/var/crash/192.0.2.7-2026-11-03-04:05:06/vmcore"));
  EXPECT_EQ(system.calls_to("unmount").size(), 1U);
}

TEST_F(NfsMount, AnAddressAsServerStandsInBrackets) {
  config::PlannedNfs nfs;
  nfs.server = "2001:db8::9";
  nfs.export_path = "/x";
  EXPECT_EQ(nfs_mount_of(nfs, "2001:db8::9", "3").source, "[2001:db8::9]:/x");
  EXPECT_EQ(nfs_mount_of(nfs, "2001:db8::9", "3").mount_data,
            "vers=3,addr=2001:db8::9,proto=tcp6,nolock");
}

TEST_F(NfsMount, AVersionThatIsNotSpokenIsFollowedByTheNext) {
  answer({EPROTONOSUPPORT, 0});
  ASSERT_TRUE(mount());
  EXPECT_THAT(attempts(), ElementsAre("vers=4.2,addr=192.0.2.9", "vers=3,addr=192.0.2.9"));
}

TEST_F(NfsMount, AnAddressThatDoesNotAnswerIsFollowedByTheNext) {
  answer({ETIMEDOUT, 0});
  ASSERT_TRUE(mount());
  EXPECT_THAT(attempts(), ElementsAre("vers=4.2,addr=192.0.2.9", "vers=4.2,addr=2001:db8::9"));
  EXPECT_THAT(recorded(), HasSubstr("192.0.2.9, NFS 4.2: no answer"));
}

TEST_F(NfsMount, AServerThatIsJustStartingIsWaitedFor) {
  answer({ECONNREFUSED, EHOSTUNREACH, ECONNREFUSED, EHOSTUNREACH, 0});
  EXPECT_TRUE(mount());
  EXPECT_EQ(attempts().size(), 5U);
}

TEST_F(NfsMount, ARefusalIsFinal) {
  answer({EACCES});
  const auto status = mount();
  ASSERT_FALSE(status);
  EXPECT_EQ(attempts().size(), 4U);
  EXPECT_THAT(status.error().message, HasSubstr("cannot mount filer:/dumps"));
  EXPECT_THAT(status.error().message,
              HasSubstr("2001:db8::9, NFS 3: the server does not let this host mount"));
}

TEST_F(NfsMount, AServerThatNeverAnswersEndsAtTheDeadline) {
  plan.deadlines.mount = 100;
  answer({ETIMEDOUT});
  const auto start = system.now();
  const auto status = mount();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kTimeout);
  EXPECT_LE(system.now() - start, std::chrono::seconds(130));
  EXPECT_GE(attempts().size(), 4U);
}

}  // namespace
}  // namespace kdump::agent
