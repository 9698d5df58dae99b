// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kexec_load.h"

#include "base/fd.h"
#include "tests/support/fake_kexec.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

TEST(KexecLoad, NothingIsLoadedForAnotherRoot) {
  const test::TempTree tree;
  tree.write("/sys/kernel/kexec_crash_loaded", "1\n");
  RunningKernel kernel;
  Loader loader(tree.root(), kernel);
  for (const auto& status :
       {loader.load(LoadPlan{}), loader.load(FileLoadPlan{}), loader.unload(LoadKind::kPanic)}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(status.error().message, HasSubstr(tree.folder()));
  }
}

TEST(KexecLoad, ABrokenPlanNeverReachesTheKernel) {
  RunningKernel kernel;
  const auto status = Loader(SysRoot(), kernel).load(LoadPlan{});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("the load plan is broken"));
}

class LoaderTest : public testing::Test {
 protected:
  // Small enough to be told apart from the good one of another test.
  static LoadPlan plan(LoadKind kind) {
    LoadPlan plan;
    plan.kind = kind;
    plan.room = RangeSet({{0x10000000, 0x20000000}});
    plan.total_ram = 0x40000000;
    plan.segments = {{"trampoline", std::vector<std::byte>(100), PhysAddr(0x10003000), 0x1000}};
    plan.entry = PhysAddr(0x10003000);
    return plan;
  }

  test::TempTree tree_;
  test::FakeKexec kernel_{tree_};
  Loader loader_{tree_.root(), kernel_};
};

TEST_F(LoaderTest, FlagsSayWhatItIsFor) {
  ASSERT_TRUE(loader_.load(plan(LoadKind::kReboot)));
  LoadPlan panic = plan(LoadKind::kPanic);
  panic.hotplug = true;
  ASSERT_TRUE(loader_.load(panic));
  ASSERT_EQ(kernel_.calls.size(), 2U);
  EXPECT_EQ(kernel_.calls[0].flags, 62UL << 16U);
  EXPECT_EQ(kernel_.calls[1].flags, 62UL << 16U | 1 | 4);
  EXPECT_TRUE(*is_loaded(LoadKind::kReboot, tree_.root()));
  EXPECT_TRUE(*crash_loaded(tree_.root()));
}

TEST_F(LoaderTest, FilesAreThemselvesOrInMemory) {
  tree_.write("/vmlinuz", "the kernel");
  tree_.write("/initrd", "the initrd");
  FileLoadPlan plan{.kind = LoadKind::kPanic,
                    .kernel = {.path = tree_.path("/vmlinuz"), .bytes = {}},
                    .initrd = FileSource{.path = tree_.path("/initrd"), .bytes = {}},
                    .command_line = "panic=1"};
  ASSERT_TRUE(loader_.load(plan));
  plan.kind = LoadKind::kReboot;
  plan.kernel.bytes = {std::byte{'K'}};
  plan.initrd.reset();
  ASSERT_TRUE(loader_.load(plan));
  ASSERT_EQ(kernel_.calls.size(), 2U);
  EXPECT_EQ(kernel_.calls[0].kernel, "the kernel");
  EXPECT_EQ(kernel_.calls[0].initrd, "the initrd");
  EXPECT_EQ(kernel_.calls[0].command_line, "panic=1");
  EXPECT_EQ(kernel_.calls[0].flags, 2U);
  EXPECT_EQ(kernel_.calls[1].kernel, "K");
  EXPECT_EQ(kernel_.calls[1].flags, 4U);  // no initrd
}

TEST_F(LoaderTest, FilesThatAreBeingWrittenNeverReachTheKernel) {
  tree_.write("/vmlinuz", "the kernel");
  tree_.write("/initrd", "the initrd");
  const FileLoadPlan plan{.kind = LoadKind::kPanic,
                          .kernel = {.path = tree_.path("/vmlinuz"), .bytes = {}},
                          .initrd = FileSource{.path = tree_.path("/initrd"), .bytes = {}},
                          .command_line = "panic=1"};
  const auto writer = Fd::open(tree_.path("/initrd"), O_WRONLY);
  ASSERT_TRUE(writer);
  const auto status = loader_.load(plan);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("has it open for writing"));
  EXPECT_TRUE(kernel_.calls.empty());
}

TEST_F(LoaderTest, TheDebugFlagIsNoCondition) {
  tree_.write("/vmlinuz", "the kernel");
  kernel_.answers = {{EINVAL}};
  ASSERT_TRUE(loader_.load(FileLoadPlan{.kind = LoadKind::kReboot,
                                        .kernel = {.path = tree_.path("/vmlinuz"), .bytes = {}},
                                        .initrd = {},
                                        .command_line = "",
                                        .debug = true}));
  ASSERT_EQ(kernel_.calls.size(), 2U);
  EXPECT_EQ(kernel_.calls[0].flags, 4U | 8U);
  EXPECT_EQ(kernel_.calls[1].flags, 4U);
}

TEST_F(LoaderTest, ABusyKernelIsAskedAgain) {
  kernel_.answers = {{EBUSY}, {EBUSY}};
  ASSERT_TRUE(loader_.load(plan(LoadKind::kPanic)));
  EXPECT_EQ(kernel_.calls.size(), 3U);
}

TEST_F(LoaderTest, AFailureSaysWhatIsLeft) {
  struct {
    bool before;
    bool unloads;
    const char* says;
  } const cases[] = {
      {false, false, "(no panic kernel is loaded)"},
      {true, false, "(the panic kernel that was loaded before is still loaded)"},
      {true, true, "before is gone)"},
  };
  for (const auto& c : cases) {
    kernel_.set_loaded(LoadKind::kPanic, c.before);
    kernel_.answers = {{EADDRNOTAVAIL, c.unloads}};
    const auto status = loader_.load(plan(LoadKind::kPanic));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, EADDRNOTAVAIL);
    EXPECT_THAT(status.error().message, HasSubstr(c.says));
  }
}

TEST_F(LoaderTest, UnloadingTriesTheFileCallFirst) {
  ASSERT_TRUE(loader_.unload(LoadKind::kPanic));
  EXPECT_TRUE(kernel_.calls.empty());  // each call counts against the limit
  kernel_.set_loaded(LoadKind::kPanic, true);
  kernel_.answers = {{ENOSYS}};
  ASSERT_TRUE(loader_.unload(LoadKind::kPanic));
  ASSERT_EQ(kernel_.calls.size(), 2U);
  EXPECT_TRUE(kernel_.calls[0].files);
  EXPECT_EQ(kernel_.calls[0].flags, 3U);
  EXPECT_FALSE(kernel_.calls[1].files);
  EXPECT_EQ(kernel_.calls[1].flags, 1U);
  EXPECT_FALSE(*crash_loaded(tree_.root()));
}

TEST(KexecLoad, StateInTheOldAndTheNewPlace) {
  const test::TempTree old_place;
  old_place.write("/sys/kernel/kexec_crash_loaded", "1\n");
  old_place.write("/sys/kernel/kexec_crash_size", "201326592\n");
  EXPECT_TRUE(*crash_loaded(old_place.root()));
  EXPECT_EQ(*crash_size(old_place.root()), 201326592U);

  const test::TempTree new_place;
  new_place.write("/sys/kernel/kexec/crash_loaded", "0\n");
  new_place.write("/sys/kernel/kexec/crash_size", "0\n");
  EXPECT_FALSE(*crash_loaded(new_place.root()));
  EXPECT_EQ(*crash_size(new_place.root()), 0U);

  const test::TempTree none;
  EXPECT_EQ(crash_loaded(none.root()).error().kind, ErrorKind::kNotFound);
}

TEST(KexecLoad, SeedsDiffer) {
  const auto one = random_seed();
  const auto two = random_seed();
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->size(), 40U);
  EXPECT_NE(*one, *two);
}

}  // namespace
}  // namespace kdump::kexec
