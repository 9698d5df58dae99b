// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_load.h"

#include "tests/support/fake_kexec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

class PanicLoadTest : public testing::Test {
 protected:
  PanicLoadTest() {
    tree_.write("/vmlinuz", "kernel");
    tree_.write("/initrd", "initrd");
    load_.plan.room = RangeSet({{0x10000000, 0x20000000}});
    load_.plan.total_ram = 0x40000000;
    load_.plan.segments = {
        {"trampoline", std::vector<std::byte>(100), PhysAddr(0x10003000), 0x1000}};
    load_.plan.entry = PhysAddr(0x10003000);
    load_.files.kernel.path = tree_.path("/vmlinuz");
    load_.files.initrd = FileSource{.path = tree_.path("/initrd"), .bytes = {}};
    load_.choice = {Syscall::kFileLoad, Fallback::kWhenNotForThis, "for the test", false};
  }

  test::TempTree tree_;
  test::FakeKexec kernel_{tree_};
  Loader loader_{tree_.root(), kernel_};
  KernelLoad load_;
};

TEST_F(PanicLoadTest, TheFirstCallIsEnough) {
  const auto result = load_kernel(loader_, load_);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->used, Syscall::kFileLoad);
  EXPECT_EQ(result->refusal, "");
  EXPECT_EQ(kernel_.calls.size(), 1U);
}

TEST_F(PanicLoadTest, TheOtherCallMends) {
  kernel_.set_loaded(LoadKind::kPanic, true);
  kernel_.answers = {{ENOEXEC, true}};
  const auto result = load_kernel(loader_, load_);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->used, Syscall::kLoad);
  EXPECT_THAT(result->refusal, HasSubstr("kexec_file_load: the kernel cannot start an image"));
  ASSERT_EQ(kernel_.calls.size(), 2U);
  EXPECT_FALSE(kernel_.calls[1].files);
  EXPECT_TRUE(*crash_loaded(tree_.root()));
}

TEST_F(PanicLoadTest, AnswersThatStand) {
  struct {
    Fallback fallback;
    std::deque<test::FakeKexec::Answer> answers;
    int code;
    std::size_t calls;
  } const cases[] = {
      {Fallback::kWhenNotForThis, {{EPERM}}, EPERM, 1},
      {Fallback::kWhenAbsent, {{ENOEXEC}}, ENOEXEC, 1},
      {Fallback::kNone, {{ENOSYS}}, ENOSYS, 1},
      {Fallback::kWhenAbsent, {{ENOSYS}, {EADDRNOTAVAIL}}, EADDRNOTAVAIL, 2},
  };
  for (const auto& c : cases) {
    load_.choice.fallback = c.fallback;
    kernel_.calls.clear();
    kernel_.answers = c.answers;
    const auto result = load_kernel(loader_, load_);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, c.code);
    EXPECT_EQ(kernel_.calls.size(), c.calls);
  }
}

TEST_F(PanicLoadTest, APlanWithoutTheKernelsMappingIsForItsSizeOnly) {
  load_.plan.no_mapping = "/proc/kcore is closed";
  load_.choice = {Syscall::kLoad, Fallback::kNone, "for the test", false};
  const auto result = load_kernel(loader_, load_);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("/proc/kcore is closed"));
  EXPECT_TRUE(kernel_.calls.empty());
}

}  // namespace
}  // namespace kdump::kexec
