// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/byte_reader.h"
#include "base/packed_int.h"
#include "kdumpctl/kexec/load_plan.h"
#include "tests/support/kexec_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

struct Wish {
  test::BzImageBuilder kernel{};
  std::size_t initrd_bytes = 1000000;
  std::string command_line = "root=/dev/vda1 ro";
  Range window{0, UINT64_MAX};
};

Result<LoadPlan> plan_for(const Wish& wish, const HostFacts& host) {
  const KernelImage kernel = test::test_kernel(wish.kernel);
  const std::vector<std::byte> initrd = test::test_bytes(wish.initrd_bytes);
  return plan_normal_load({.kernel = kernel,
                           .initrd = initrd,
                           .command_line = wish.command_line,
                           .rng_seed = test::test_bytes(32),
                           .window = wish.window},
                          host);
}

// A recorded machine without the crash facts, which such a load must not need.
HostFacts reboot_host(std::string_view iomem) {
  HostFacts host = test::host_with(iomem);
  host.cpu_notes.clear();
  host.vmcoreinfo = {};
  host.kernel = {};
  return host;
}

constexpr std::string_view kIomem =
    "00000000-00000fff : Reserved\n"
    "00001000-0009fbff : System RAM\n"
    "0009fc00-0009ffff : Reserved\n"
    "00100000-bffdffff : System RAM\n"
    "  10200000-112001d0 : Kernel code\n"
    "  32000000-3dffffff : Crash kernel\n"
    "  bff00000-bff00fff : Reserved\n"
    "bffe0000-bfffffff : ACPI Tables\n"
    "100000000-13fffffff : System RAM\n"
    "  138000000-13fffffff : System RAM (virtio_mem)\n"
    "140000000-17fffffff : System RAM (kmem)\n";

TEST(NormalPlan, SegmentsLieInFreeRam) {
  const HostFacts host = reboot_host(kIomem);
  const auto plan = plan_for({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->kind, LoadKind::kReboot);
  RangeSet taken;
  const RangeSet free_ram({{0x100000, 0x10200000},
                           {0x112001d1, 0x32000000},
                           {0x3e000000, 0xbff00000},
                           {0xbff01000, 0xbffe0000},
                           {0x100000000, 0x138000000}});
  std::vector<std::string> names;
  for (const Segment& segment : plan->segments) {
    const Range range{segment.address.value(), segment.address.value() + segment.memory_size};
    EXPECT_EQ(range.start % 4096, 0U);
    EXPECT_EQ(range.end % 4096, 0U);
    EXPECT_TRUE(free_ram.contains(range)) << segment.name;
    EXPECT_FALSE(taken.overlaps(range)) << segment.name;
    taken.add(range);
    names.push_back(segment.name);
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("kernel", "initrd", "boot_params", "trampoline"));
  EXPECT_EQ(plan->command_line, "root=/dev/vda1 ro");
  EXPECT_TRUE(check_segments(*plan));
}

TEST(NormalPlan, TheNewKernelSeesTheWholeMachine) {
  HostFacts host = reboot_host(kIomem);
  auto plan = plan_for({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  using Type = x86::E820Type;
  const std::vector<x86::E820Entry> expected = {
      {{0x0, 0x1000}, Type::kReserved},
      {{0x1000, 0x9fc00}, Type::kRam},
      {{0x9fc00, 0xa0000}, Type::kReserved},
      {{0x100000, 0xbff00000}, Type::kRam},
      {{0xbff00000, 0xbff01000}, Type::kReserved},
      {{0xbff01000, 0xbffe0000}, Type::kRam},
      {{0xbffe0000, 0xc0000000}, Type::kAcpi},
      // What a driver added is the driver's to find again.
      {{0x100000000, 0x140000000}, Type::kRam},
  };
  EXPECT_EQ(plan->e820, expected);

  // The firmware's own map comes first: the running kernel may use only a part (mem=).
  auto firmware = MemoryMap::parse(
      "0-9fbff : System RAM\n100000-1ffffffff : System RAM\n200000000-20fffffff : Soft Reserved\n");
  ASSERT_TRUE(firmware);
  host.firmware_map = *firmware;
  plan = plan_for({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->e820,
            (std::vector<x86::E820Entry>{{{0, 0x9fc00}, Type::kRam},
                                         {{0x100000, 0x200000000}, Type::kRam},
                                         {{0x200000000, 0x210000000}, Type::kSoftReserved}}));
}

TEST(NormalPlan, NoInitrdIsFine) {
  const auto plan = plan_for({.initrd_bytes = 0}, reboot_host(kIomem));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->segments.size(), 3U);
  for (const Segment& segment : plan->segments) {
    if (segment.name != "boot_params") continue;
    EXPECT_EQ(*ByteReader(segment.bytes).read<Le32>(0x21c), 0U);
  }
}

TEST(NormalPlan, Refusals) {
  struct {
    Wish wish;
    const char* message;
  } const cases[] = {
      {{.command_line = std::string(3000, 'x')}, "takes 2047"},
      {{.command_line = "a \"b"}, "double quotes"},
      {{.initrd_bytes = 400U << 20U}, "more than half"},
      {{.window = {0, 0x2000000}}, "in this host's RAM"},
  };
  for (const auto& c : cases) {
    const auto plan = plan_for(c.wish, reboot_host(kIomem));
    ASSERT_FALSE(plan) << c.message;
    EXPECT_THAT(plan.error().message, HasSubstr(c.message));
  }
  HostFacts five_level = reboot_host(kIomem);
  five_level.five_level_paging = true;
  const auto plan = plan_for({.kernel = {.xload_flags = 0x1f}}, five_level);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("5-level paging"));
}

}  // namespace
}  // namespace kdump::kexec
