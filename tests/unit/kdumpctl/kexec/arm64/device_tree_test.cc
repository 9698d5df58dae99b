// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/arm64/device_tree.h"

#include "tests/support/arm64_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <libfdt.h>
#include <map>
#include <random>

namespace kdump::kexec::arm64 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kCommandLine = "console=ttyAMA0 reset_devices";

std::vector<std::byte> seed() {
  std::vector<std::byte> bytes(40, std::byte{0xbb});
  std::fill_n(bytes.begin(), 8, std::byte{0xaa});
  return bytes;
}

Result<std::vector<std::byte>> panic_tree(const std::vector<std::byte>& running,
                                          Range elfcorehdr = {0x7fff0000, 0x80000000},
                                          std::vector<Range> usable = {{0x70000000, 0x80000000}}) {
  return build_device_tree({.running = running,
                            .command_line = kCommandLine,
                            .initrd = {0x7f000000, 0x7f123456},
                            .seed = seed(),
                            .elfcorehdr = elfcorehdr,
                            .usable = std::move(usable)});
}

std::string hex(const void* data, int size) {
  std::string text;
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (int i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

// /chosen, each value in hexadecimal digits.
std::map<std::string, std::string> chosen(const std::vector<std::byte>& tree) {
  std::map<std::string, std::string> found;
  const int node = fdt_path_offset(tree.data(), "/chosen");
  for (int at = fdt_first_property_offset(tree.data(), node); at >= 0;
       at = fdt_next_property_offset(tree.data(), at)) {
    const char* name = nullptr;
    int size = 0;
    const void* value = fdt_getprop_by_offset(tree.data(), at, &name, &size);
    found[name] = hex(value, size);
  }
  return found;
}

TEST(DeviceTree, OfAPanicKernel) {
  const auto running = test::firmware_tree();
  const auto tree = panic_tree(running);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(fdt_check_full(tree->data(), tree->size()), 0);
  const std::string text = hex(kCommandLine.c_str(), static_cast<int>(kCommandLine.size()) + 1);
  std::string thirty_two;
  for (int i = 0; i < 32; ++i) thirty_two += "bb";
  EXPECT_THAT(chosen(*tree),
              ElementsAre(Pair("bootargs", text),
                          Pair("kaslr-seed", "aaaaaaaaaaaaaaaa"),
                          Pair("linux,booted-from-kexec", ""),
                          Pair("linux,elfcorehdr", "000000007fff00000000000000010000"),
                          Pair("linux,initrd-end", "000000007f123456"),
                          Pair("linux,initrd-start", "000000007f000000"),
                          Pair("linux,usable-memory-range", "00000000700000000000000010000000"),
                          Pair("rng-seed", thirty_two),
                          Pair("stdout-path", hex("/pl011@9000000", 15))));
  // The old initrd's memory is free again, the firmware's stays reserved.
  ASSERT_EQ(fdt_num_mem_rsv(tree->data()), 1);
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  ASSERT_EQ(fdt_get_mem_rsv(tree->data(), 0, &address, &size), 0);
  EXPECT_EQ(address, 0x7f000000U);
  EXPECT_GE(fdt_path_offset(tree->data(), "/memory@40000000"), 0);
}

TEST(DeviceTree, OfAKernelToRebootInto) {
  const auto running = test::efi_stub_tree();
  // A panic kernel's own words are not handed on when it reboots itself.
  const auto panicked = panic_tree(running);
  ASSERT_TRUE(panicked);
  const auto tree = build_device_tree({.running = *panicked,
                                       .command_line = kCommandLine,
                                       .initrd = {},
                                       .seed = {},
                                       .elfcorehdr = {},
                                       .usable = {}});
  ASSERT_TRUE(tree) << tree.error().message;
  std::vector<std::string> names;
  for (const auto& [name, value] : chosen(*tree)) names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre("bootargs",
                          "linux,booted-from-kexec",
                          "linux,uefi-mmap-desc-size",
                          "linux,uefi-mmap-desc-ver",
                          "linux,uefi-mmap-size",
                          "linux,uefi-mmap-start",
                          "linux,uefi-system-table"));
}

TEST(DeviceTree, TheLowReservationComesLast) {
  const auto running = test::firmware_tree();
  const auto tree = panic_tree(running,
                               {0x1fffff0000, 0x2000000000},
                               {{0x1ff0000000, 0x2000000000}, {0x60000000, 0x68000000}});
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(chosen(*tree)["linux,usable-memory-range"],
            "0000001ff0000000000000001000000000000000600000000000000008000000");
}

TEST(DeviceTree, OneCellIsEnoughBelow4GiB) {
  const auto running = test::firmware_tree(1);
  auto tree = panic_tree(running);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(chosen(*tree)["linux,elfcorehdr"], "7fff000000010000");
  tree = panic_tree(running, {0x17fff0000, 0x180000000}, {{0x170000000, 0x180000000}});
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(tree.error().message, HasSubstr("0x17fff0000 does not fit into the one cell"));
}

TEST(DeviceTree, TheSizeDoesNotDependOnAddresses) {
  const auto running = test::firmware_tree();
  const auto low = panic_tree(running, {0, 0x10000}, {{0, 0x1000}});
  const auto high = panic_tree(running, {0xffffffff0000, 0x1000000000000}, {{1, UINT64_MAX}});
  ASSERT_TRUE(low && high);
  EXPECT_EQ(low->size(), high->size());
}

TEST(DeviceTree, Refusals) {
  auto tree = panic_tree({});
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(tree.error().message, HasSubstr("use kexec_file_load"));
  tree = panic_tree(std::vector<std::byte>(1000));
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().kind, ErrorKind::kBadData);
  tree = panic_tree(test::firmware_tree(3));
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().message, HasSubstr("#address-cells is 3"));
}

TEST(DeviceTree, EveryTruncationIsFound) {
  const auto whole = test::firmware_tree();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(panic_tree({whole.begin(), whole.begin() + static_cast<long>(size)})) << size;
  }
}

TEST(DeviceTree, AnyBytesGetAnAnswer) {
  std::mt19937 random(11);
  const auto whole = test::firmware_tree();
  for (int round = 0; round < 5000; ++round) {
    auto bytes = whole;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    const auto tree = panic_tree(bytes);
    if (!tree) continue;
    EXPECT_EQ(fdt_check_full(tree->data(), tree->size()), 0);
  }
}

}  // namespace
}  // namespace kdump::kexec::arm64
