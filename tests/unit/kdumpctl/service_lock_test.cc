// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/service_lock.h"

#include "base/fd.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace kdump::ctl {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ServiceLockTest : public testing::Test {
 protected:
  /// flock(2) locks belong to the open file: a second one in this process is a stranger.
  [[nodiscard]] Fd held_by_stranger(const std::string& pid_text) const {
    tree_.write("/run/lock/kdump", pid_text);
    auto fd = Fd::open(tree_.path("/run/lock/kdump"), O_RDWR);
    EXPECT_TRUE(fd);
    EXPECT_EQ(::flock(fd->raw(), LOCK_EX | LOCK_NB), 0);
    return std::move(*fd);
  }

  test::TempTree tree_;
  Log silent_{"kdump", LogLevel::kNone};
};

TEST_F(ServiceLockTest, IsTakenAndReleased) {
  {
    const auto lock = ServiceLock::take(tree_.root(), silent_, 0ms);
    ASSERT_TRUE(lock) << lock.error().message;
    EXPECT_EQ(tree_.read("/run/lock/kdump"), fmt::format("{}\n", ::getpid()));
    EXPECT_FALSE(ServiceLock::take(tree_.root(), silent_, 0ms));
  }
  EXPECT_TRUE(ServiceLock::take(tree_.root(), silent_, 0ms));
}

TEST_F(ServiceLockTest, TheDeadlineNamesTheHolder) {
  tree_.write("/proc/4711/comm", "sleepy\n");
  const Fd held = held_by_stranger("4711\n");
  const auto lock = ServiceLock::take(tree_.root(), silent_, 1ms);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, ErrorKind::kTimeout);
  EXPECT_THAT(lock.error().message, HasSubstr("is held by process 4711 (sleepy)"));
}

TEST_F(ServiceLockTest, AHolderThatWroteNothingIsAnotherProgram) {
  const Fd held = held_by_stranger("");
  const auto lock = ServiceLock::take(tree_.root(), silent_, 0ms);
  ASSERT_FALSE(lock);
  EXPECT_THAT(lock.error().message, HasSubstr("is held by another program"));
}

TEST_F(ServiceLockTest, WaitsUntilTheHolderLetsGo) {
  Fd held = held_by_stranger("");
  std::thread holder([&held] {
    std::this_thread::sleep_for(50ms);
    EXPECT_TRUE(held.close());
  });
  const auto lock = ServiceLock::take(tree_.root(), silent_, 60s);
  holder.join();
  EXPECT_TRUE(lock);
}

TEST_F(ServiceLockTest, ALinkInItsPlaceIsRefused) {
  tree_.link("/run/lock/kdump", "/etc/target");
  EXPECT_FALSE(ServiceLock::take(tree_.root(), silent_, 0ms));
  EXPECT_FALSE(tree_.exists("/etc/target"));
}

}  // namespace
}  // namespace kdump::ctl
