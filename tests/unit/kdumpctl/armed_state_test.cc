// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/armed_state.h"

#include "kdumpctl/last_good.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sys/stat.h>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

class ArmedStateTest : public testing::Test {
 protected:
  ArmedStateTest() {
    tree_.write(kBootId, "boot-1\n");
    tree_.write("/boot/vmlinuz", "the kernel");
    tree_.write("/boot/image", "the image");
    tree_.make_directory("/run");
    state_ = {.kernel_version = "6.1",
              .kernel = record("/boot/vmlinuz", "the kernel"),
              .image = record("/boot/image", "the image"),
              .command_line = "console=ttyS0 caf\xe9",
              .options = {.efi_runtime = false,
                          .lowest_address = 0x1000,
                          .end_address = UINT64_MAX,
                          .syscall = kexec::SyscallWish::kLoad,
                          .only_kexec_load = "--noefi"},
              .syscall = kexec::Syscall::kLoad,
              .reason = "KEXEC_ARGS has -c",
              .segments = {{"kernel", 0xffff'ffff'ffff'0000, 0x1000}}};
  }

  FileRecord record(const std::string& path, std::string_view text) const {
    const auto made =
        record_file(tree_.root(), path, std::as_bytes(std::span(text.data(), text.size())));
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }

  test::TempTree tree_;
  ArmedState state_;
};

TEST_F(ArmedStateTest, ComesBack) {
  ASSERT_TRUE(write_armed_state(tree_.root(), state_));
  const auto read = read_armed_state(tree_.root());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(*read);
  EXPECT_EQ((*read)->kernel, state_.kernel);
  EXPECT_EQ((*read)->image, state_.image);
  EXPECT_EQ((*read)->segments, state_.segments);
  EXPECT_EQ((*read)->options.only_kexec_load, "--noefi");
  EXPECT_FALSE((*read)->options.efi_runtime);
  EXPECT_EQ((*read)->options.end_address, UINT64_MAX);
  EXPECT_EQ((*read)->syscall, kexec::Syscall::kLoad);
  EXPECT_EQ(tree_.mode("/run/kdump/armed.json"), 0644U);
}

TEST_F(ArmedStateTest, AnotherBootKnowsNothing) {
  ASSERT_TRUE(write_armed_state(tree_.root(), state_));
  tree_.write(kBootId, "boot-2\n");
  EXPECT_EQ(*read_armed_state(tree_.root()), std::nullopt);
  ASSERT_TRUE(remove_armed_state(tree_.root()));
  tree_.write(kBootId, "boot-1\n");
  EXPECT_EQ(*read_armed_state(tree_.root()), std::nullopt);
  EXPECT_TRUE(remove_armed_state(tree_.root()));
}

TEST_F(ArmedStateTest, ADamagedRecordIsAnError) {
  for (const char* text : {"", "{", "[]", "{\"boot_id\": 7}", "{\"boot_id\": \"boot-1\"}"}) {
    tree_.write("/run/kdump/armed.json", text);
    const auto read = read_armed_state(tree_.root());
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr("/run/kdump/armed.json"));
  }
}

TEST_F(ArmedStateTest, ChangesOfAFile) {
  EXPECT_FALSE(has_changed(tree_.root(), state_.image));
  // A new time and the old content, as image-based systems produce them.
  namespace fs = std::filesystem;
  const fs::path image = tree_.path("/boot/image");
  fs::last_write_time(image, fs::last_write_time(image) + std::chrono::hours(1));
  EXPECT_FALSE(has_changed(tree_.root(), state_.image));
  tree_.write("/boot/image", "the imagE");
  fs::last_write_time(image, fs::last_write_time(image) + std::chrono::hours(2));
  EXPECT_TRUE(has_changed(tree_.root(), state_.image));
  tree_.write("/boot/image", "longer than before");
  EXPECT_TRUE(has_changed(tree_.root(), state_.image));
  fs::remove(image);
  EXPECT_TRUE(has_changed(tree_.root(), state_.image));
}

TEST_F(ArmedStateTest, TheLastGoodSetOutlivesItsFiles) {
  tree_.make_directory("/var/lib");
  ASSERT_TRUE(remember_armed(tree_.root(), state_));
  auto order = last_good_order(tree_.root());
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(order->kernel, "/boot/vmlinuz");

  // Replaced as mkdumprd does it.
  tree_.write("/boot/new", "a newer image");
  std::filesystem::rename(tree_.path("/boot/new"), tree_.path("/boot/image"));
  std::filesystem::remove(tree_.path("/boot/vmlinuz"));
  order = last_good_order(tree_.root());
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(order->kernel, "/var/lib/kdump/armed/kernel");
  EXPECT_EQ(tree_.read(order->kernel), "the kernel");
  EXPECT_EQ(tree_.read(order->image), "the image");
  EXPECT_EQ(order->kernel_version, "6.1");
  EXPECT_EQ(order->options.syscall, kexec::SyscallWish::kLoad);

  // Whatever was done to the kept files, nothing else is ever loaded.
  tree_.write("/var/lib/kdump/armed/image", "something else");
  order = last_good_order(tree_.root());
  ASSERT_FALSE(order);
  EXPECT_THAT(order.error().message, HasSubstr("/boot/image has changed"));

  ASSERT_TRUE(forget_armed(tree_.root()));
  EXPECT_FALSE(tree_.exists("/var/lib/kdump/armed/kernel"));
  EXPECT_FALSE(last_good_order(tree_.root()));
}

TEST_F(ArmedStateTest, ALinkInBootIsFollowed) {
  tree_.write("/boot/vmlinuz-6.1", "the kernel");
  std::filesystem::remove(tree_.path("/boot/vmlinuz"));
  tree_.link("/boot/vmlinuz", "vmlinuz-6.1");
  state_.kernel = record("/boot/vmlinuz", "the kernel");
  ASSERT_TRUE(remember_armed(tree_.root(), state_));
  EXPECT_EQ(tree_.read("/var/lib/kdump/armed/kernel"), "the kernel");
  EXPECT_FALSE(std::filesystem::is_symlink(tree_.path("/var/lib/kdump/armed/kernel")));
}

}  // namespace
}  // namespace kdump::ctl
