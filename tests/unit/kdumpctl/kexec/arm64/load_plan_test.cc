// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/load_plan.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"
#include "kdumpctl/kexec/file_load_plan.h"
#include "tests/support/kexec_host.h"
#include "tests/support/packed.h"

#include <archive.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <libfdt.h>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kUnit = 0x10000;  // the largest page of an arm64 kernel
constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;

struct Wish {
  test::Arm64ImageBuilder kernel{};
  std::size_t initrd_bytes = 1000000;
  std::string command_line = "console=ttyAMA0 reset_devices";
};

Result<LoadPlan> panic_plan(const Wish& wish, const HostFacts& host) {
  const KernelImage kernel = test::test_arm64_kernel(wish.kernel);
  const std::vector<std::byte> initrd = test::test_bytes(wish.initrd_bytes);
  return plan_crash_load({.kernel = kernel,
                          .initrd = initrd,
                          .command_line = wish.command_line,
                          .rng_seed = test::test_bytes(40)},
                         host);
}

Result<LoadPlan> reboot_plan(const Wish& wish, const HostFacts& host) {
  const KernelImage kernel = test::test_arm64_kernel(wish.kernel);
  const std::vector<std::byte> initrd = test::test_bytes(wish.initrd_bytes);
  return plan_normal_load({.kernel = kernel,
                           .initrd = initrd,
                           .command_line = wish.command_line,
                           .rng_seed = test::test_bytes(40)},
                          host);
}

const Segment& segment(const LoadPlan& plan, std::string_view name) {
  const auto found = std::find_if(
      plan.segments.begin(), plan.segments.end(), [&](const auto& s) { return s.name == name; });
  EXPECT_NE(found, plan.segments.end()) << name;
  return *found;
}

std::uint64_t chosen(const LoadPlan& plan, const char* name, std::uint64_t at = 0) {
  const std::vector<std::byte>& tree = segment(plan, "dtb").bytes;
  int size = 0;
  const void* value =
      fdt_getprop(tree.data(), fdt_path_offset(tree.data(), "/chosen"), name, &size);
  EXPECT_NE(value, nullptr) << name;
  if (value == nullptr) return 0;
  const ByteReader reader({static_cast<const std::byte*>(value), static_cast<std::size_t>(size)});
  return reader.read<Be64>(at).value_or(Be64(0));
}

// What must hold for every plan, said without the planner's own words.
void expect_sound(const LoadPlan& plan, const Wish& wish) {
  RangeSet taken;
  std::uint64_t sum = 0;
  for (const Segment& s : plan.segments) {
    const Range range{s.address.value(), s.address.value() + s.memory_size};
    EXPECT_EQ(range.start % kUnit, 0U) << s.name;
    EXPECT_EQ(range.end % kUnit, 0U) << s.name;
    EXPECT_TRUE(plan.room.contains(range)) << s.name;
    EXPECT_FALSE(taken.overlaps(range)) << s.name;
    EXPECT_LE(s.bytes.size(), s.memory_size) << s.name;
    taken.add(range);
    sum += s.memory_size;
  }
  EXPECT_EQ(taken.total(), sum);

  const Segment& kernel = segment(plan, "kernel");
  EXPECT_EQ(kernel.address.value() % (2 * kMiB), 0U);
  EXPECT_GE(kernel.memory_size, wish.kernel.text_offset + wish.kernel.image_size);
  const ByteReader image(kernel.bytes);
  EXPECT_EQ(*image.read<Le32>(wish.kernel.text_offset + 0x38), 0x644d5241U);
  const Segment& initrd = segment(plan, "initrd");
  EXPECT_EQ(chosen(plan, "linux,initrd-start"), initrd.address.value());
  EXPECT_EQ(chosen(plan, "linux,initrd-end"), initrd.address.value() + wish.initrd_bytes);
  EXPECT_LT(initrd.address.value() + wish.initrd_bytes,
            kernel.address.value() / kGiB * kGiB + 32 * kGiB);
  EXPECT_LE(segment(plan, "dtb").bytes.size(), 2 * kMiB);

  const Segment& trampoline = segment(plan, "trampoline");
  EXPECT_EQ(plan.entry, trampoline.address);
  const ByteReader code(trampoline.bytes);
  EXPECT_EQ(*code.read<Le64>(0x18), kernel.address.value() + wish.kernel.text_offset);
  EXPECT_EQ(*code.read<Le64>(0x20), segment(plan, "dtb").address.value());
}

TEST(Arm64Plan, OfAPanicKernel) {
  for (const std::uint64_t text_offset : {0x0U, 0x80000U}) {
    const Wish wish{.kernel = {.text_offset = text_offset}};
    const auto plan = panic_plan(wish, test::arm64_host());
    ASSERT_TRUE(plan) << plan.error().message;
    expect_sound(*plan, wish);
    EXPECT_EQ(plan->command_line, wish.command_line);
    EXPECT_TRUE(plan->e820.empty());
    const Segment& header = segment(*plan, "elfcorehdr");
    EXPECT_EQ(header.bytes, plan->header.bytes);
    EXPECT_EQ(chosen(*plan, "linux,elfcorehdr"), header.address.value());
    EXPECT_EQ(chosen(*plan, "linux,elfcorehdr", 8), header.memory_size);
    EXPECT_EQ(chosen(*plan, "linux,usable-memory-range"), 0x70000000U);
    EXPECT_EQ(chosen(*plan, "linux,usable-memory-range", 8), 0x10000000U);
    EXPECT_EQ(*ByteReader(header.bytes).read<Le16>(0x12), 183);  // EM_AARCH64
  }
}

TEST(Arm64Plan, TheDumpHasAllRamButTheReservation) {
  const auto plan = panic_plan({}, test::arm64_host());
  ASSERT_TRUE(plan) << plan.error().message;
  using Kind = CoreSegment::Kind;
  std::vector<CoreSegment> memory;
  for (const CoreSegment& s : plan->header.segments) {
    if (s.kind == Kind::kRam || s.kind == Kind::kKernel) memory.push_back(s);
  }
  const std::vector<CoreSegment> expected = {
      {Kind::kKernel, 0x40200000, 0xffffa1f6ac800000, 0x2a40000},
      {Kind::kRam, 0x40000000, 0xffff1c8d80000000, 0x30000000},
      {Kind::kRam, 0x80010000, 0xffff1c8dc0010000, 0xbfff0000}};
  EXPECT_EQ(memory, expected);
}

TEST(Arm64Plan, HighAndLowReservation) {
  HostFacts host = test::host_with(
      "40000000-bfffffff : System RAM\n"
      "  b8000000-bfffffff : Crash kernel\n"
      "c0000000-23fffffff : System RAM\n"
      "  220000000-22fffffff : Crash kernel\n");
  host.machine = Machine::kArm64;
  host.device_tree = test::firmware_tree();
  host.total_ram = 7 * kGiB;
  const auto plan = panic_plan({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  expect_sound(*plan, {});
  EXPECT_EQ(plan->region, (Range{0x220000000, 0x230000000}));
  EXPECT_EQ(chosen(*plan, "linux,usable-memory-range"), 0x220000000U);
  EXPECT_EQ(chosen(*plan, "linux,usable-memory-range", 16), 0xb8000000U);
  EXPECT_THAT(describe(*plan), HasSubstr("memory that the panic kernel may use\n"));
}

// As on kernels with 4 KiB pages, whose reservation can begin anywhere.
TEST(Arm64Plan, AReservationThatIsNoWholeNumberOfLargePages) {
  HostFacts host = test::host_with(
      "40000000-13fffffff : System RAM\n"
      "  70001000-7fffefff : Crash kernel\n");
  host.machine = Machine::kArm64;
  host.device_tree = test::firmware_tree();
  const auto plan = panic_plan({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  expect_sound(*plan, {});
  EXPECT_EQ(chosen(*plan, "linux,usable-memory-range"), 0x70001000U);
}

TEST(Arm64Plan, OfAKernelToRebootInto) {
  const HostFacts host = test::arm64_host();
  const auto plan = reboot_plan({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  expect_sound(*plan, {});
  for (const Segment& s : plan->segments) {
    const Range range{s.address.value(), s.address.value() + s.memory_size};
    for (const MemoryResource& resource : host.memory.resources()) {
      EXPECT_FALSE(resource.depth > 0 && resource.range.overlaps(range)) << s.name;
    }
  }
  const std::vector<std::byte>& tree = segment(*plan, "dtb").bytes;
  const int node = fdt_path_offset(tree.data(), "/chosen");
  EXPECT_EQ(fdt_getprop(tree.data(), node, "linux,elfcorehdr", nullptr), nullptr);
  EXPECT_EQ(fdt_getprop(tree.data(), node, "linux,usable-memory-range", nullptr), nullptr);
}

TEST(Arm64Plan, Refusals) {
  const HostFacts host = test::arm64_host();
  HostFacts blind = host;
  blind.device_tree.clear();
  const auto without_tree = panic_plan({}, blind);
  ASSERT_FALSE(without_tree);
  EXPECT_THAT(without_tree.error().message, HasSubstr("/sys/firmware/fdt"));
  const auto foreign = panic_plan({}, test::bios_host());
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().message,
            "/boot/vmlinuz-test: a kernel for arm64, and this host is x86_64; choose another one");
  const auto large = panic_plan({.initrd_bytes = 250 * kMiB}, host);
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message, HasSubstr("does not fit"));
  const auto long_line = panic_plan({.command_line = std::string(2048, 'x')}, host);
  ASSERT_FALSE(long_line);
  EXPECT_THAT(long_line.error().message, HasSubstr("takes 2047"));
  EXPECT_TRUE(panic_plan({.command_line = std::string(2047, 'x')}, host));
}

// The kernel's own loader takes nothing but a bare Image.
TEST(Arm64Plan, FilesArePassedUnpacked) {
  const auto bytes = test::Arm64ImageBuilder{}.build();
  const auto packed =
      check_kernel_image("/boot/vmlinuz.efi", test::packed(ARCHIVE_FILTER_GZIP, bytes));
  ASSERT_TRUE(packed) << packed.error().message;
  const std::vector<std::string> paths = {"/boot/kdump.img"};
  const std::vector<std::byte> initrd = test::test_bytes(1000);
  const auto plan = plan_file_load({.kind = LoadKind::kPanic,
                                    .kernel = *packed,
                                    .initrd_paths = paths,
                                    .initrd = initrd,
                                    .command_line = std::string(2047, 'x')});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->kernel.bytes, bytes);
}

}  // namespace
}  // namespace kdump::kexec
