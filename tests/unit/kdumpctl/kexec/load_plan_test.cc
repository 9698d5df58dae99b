// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/load_plan.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"
#include "kdumpctl/kexec/x86/serial_check.h"
#include "tests/support/kexec_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace kdump::kexec {
namespace {

using test::BzImageBuilder;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;

struct Wish {
  BzImageBuilder kernel{};
  std::size_t initrd_bytes = 1000000;
  std::string command_line = "console=ttyS0 panic=10";
  bool hotplug = true;
  Range window{0, UINT64_MAX};
  std::uint64_t unpacked_initrd = 0;
  std::uint64_t working_memory = 0;
};

Result<LoadPlan> plan_for(const Wish& wish, const HostFacts& host) {
  const KernelImage kernel = test::test_kernel(wish.kernel);
  const std::vector<std::byte> initrd = test::test_bytes(wish.initrd_bytes);
  return plan_crash_load({.kernel = kernel,
                          .initrd = initrd,
                          .command_line = wish.command_line,
                          .rng_seed = test::test_bytes(32),
                          .hotplug = wish.hotplug,
                          .window = wish.window,
                          .unpacked_initrd = wish.unpacked_initrd,
                          .working_memory = wish.working_memory},
                         host);
}

const Segment& segment(const LoadPlan& plan, std::string_view name) {
  const auto found = std::find_if(
      plan.segments.begin(), plan.segments.end(), [&](const auto& s) { return s.name == name; });
  EXPECT_NE(found, plan.segments.end()) << name;
  return *found;
}

Range range_of(const Segment& segment) {
  return {segment.address.value(), segment.address.value() + segment.memory_size};
}

// What must hold for every plan, said without the planner's own words.
void expect_sound(const LoadPlan& plan, const Wish& wish, const HostFacts& host) {
  const Range region = *host.memory.crash_region();
  RangeSet taken;
  std::uint64_t sum = 0;
  for (const Segment& s : plan.segments) {
    const Range range = range_of(s);
    EXPECT_EQ(range.start % 4096, 0U) << s.name;
    EXPECT_EQ(range.end % 4096, 0U) << s.name;
    EXPECT_TRUE(region.contains(range)) << s.name;
    EXPECT_TRUE(wish.window.contains(range)) << s.name;
    EXPECT_FALSE(taken.overlaps(range)) << s.name;
    EXPECT_LE(s.bytes.size(), s.memory_size) << s.name;
    taken.add(range);
    sum += s.memory_size;
  }
  EXPECT_EQ(taken.total(), sum);
  EXPECT_LE(sum, host.total_ram / 2);

  const Segment& kernel = segment(plan, "kernel");
  EXPECT_GE(kernel.memory_size, wish.kernel.init_size);
  EXPECT_EQ(kernel.address.value() % wish.kernel.kernel_alignment, 0U);
  EXPECT_GE(kernel.address.value(), wish.kernel.preferred_address);
  EXPECT_EQ(plan.entry, segment(plan, "trampoline").address);

  // Room for the control pages in one piece, that no segment touches.
  RangeSet left(std::vector<Range>{region});
  for (const Range& range : taken.ranges()) left.subtract(range);
  EXPECT_TRUE(std::any_of(left.ranges().begin(), left.ranges().end(), [&](const Range& r) {
    return r.size() >= 64 * kPage;
  }));

  // Memory map: all segments but the header in RAM; nothing of the dead kernel's RAM but low
  // memory.
  RangeSet ram;
  for (const auto& entry : plan.e820) {
    if (entry.type == x86::E820Type::kRam) ram.add(entry.range);
  }
  for (const Segment& s : plan.segments) {
    if (s.name == "elfcorehdr" || s.name == "backup") {
      EXPECT_FALSE(ram.overlaps(range_of(s)));
    } else {
      EXPECT_TRUE(ram.contains(range_of(s))) << s.name;
    }
  }
  ram.subtract({0, kMiB});
  ram.subtract(region);
  if (const auto low = host.memory.low_crash_region()) ram.subtract(*low);
  EXPECT_TRUE(ram.empty());
  // The dump has all RAM above 1 MiB but the reservations.
  for (const CoreSegment& s : plan.header.segments) {
    if (s.kind != CoreSegment::Kind::kRam) continue;
    EXPECT_FALSE((Range{s.physical, s.physical + s.size}).overlaps(region));
    if (s.physical >= kMiB) continue;
    // Low memory is there as the copy that the trampoline makes.
    EXPECT_TRUE(host.low_memory_in_use);
    EXPECT_EQ(s.saved_at, segment(plan, "backup").address.value() + s.physical);
    EXPECT_LE(s.physical + s.size, segment(plan, "backup").memory_size);
  }
}

TEST(LoadPlan, FitsTogether) {
  const HostFacts host = test::bios_host();
  const Wish wish;
  const auto plan = plan_for(wish, host);
  ASSERT_TRUE(plan) << plan.error().message;
  expect_sound(*plan, wish, host);

  const Segment& params = segment(*plan, "boot_params");
  const Segment& header = segment(*plan, "elfcorehdr");
  const Segment& initrd = segment(*plan, "initrd");
  EXPECT_EQ(plan->command_line,
            fmt::format("elfcorehdr={} console=ttyS0 panic=10", header.address));
  EXPECT_EQ(header.bytes, plan->header.bytes);
  EXPECT_EQ(header.memory_size, 4096U);
  EXPECT_FALSE(plan->hotplug);

  const ByteReader zero_page(params.bytes);
  EXPECT_EQ(*zero_page.read<Le32>(0x218), initrd.address.value());
  EXPECT_EQ(*zero_page.read<Le32>(0x21c), 1000000U);
  const std::uint64_t text_at = *zero_page.read<Le32>(0x228) - params.address.value();
  EXPECT_STREQ(reinterpret_cast<const char*>(params.bytes.data()) + text_at,
               plan->command_line.c_str());
  const ByteReader code(segment(*plan, "trampoline").bytes);
  EXPECT_EQ(*code.read<Le64>(0x37), params.address.value());
  EXPECT_EQ(*code.read<Le64>(0x41), segment(*plan, "kernel").address.value() + 0x200);

  const auto image = wish.kernel.build();
  const Segment& kernel = segment(*plan, "kernel");
  EXPECT_TRUE(
      std::equal(kernel.bytes.begin(), kernel.bytes.end(), image.begin() + 40L * 512, image.end()));
}

TEST(LoadPlan, HotplugReservesWhatTheKernelWants) {
  HostFacts host = test::bios_host();
  host.elfcorehdr_size = 917616;
  auto plan = plan_for({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(plan->hotplug);
  EXPECT_EQ(segment(*plan, "elfcorehdr").memory_size, 921600U);  // 917616 + 64, in pages
  expect_sound(*plan, {}, host);

  plan = plan_for({.hotplug = false}, host);
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->hotplug);
  EXPECT_EQ(segment(*plan, "elfcorehdr").memory_size, 4096U);
}

TEST(LoadPlan, HighAndLowReservation) {
  HostFacts host = test::host_with(
      "00001000-0009ffff : System RAM\n"
      "00100000-bfffffff : System RAM\n"
      "  bb000000-bf7fffff : Crash kernel\n"
      "100000000-1bfffffff : System RAM\n"
      "  1a0000000-1afffffff : Crash kernel\n");
  host.total_ram = 5 * kGiB;
  const auto plan = plan_for({}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->region, (Range{0x1a0000000, 0x1b0000000}));
  EXPECT_EQ(plan->low_region, (Range{0xbb000000, 0xbf800000}));
  expect_sound(*plan, {}, host);
}

TEST(LoadPlan, OldKernelsNeedTheAcpiPointerInTheirCommandLine) {
  HostFacts host = test::bios_host();
  test::add_efi(host);
  const auto recent = plan_for({.kernel = {.protocol = 0x020e}}, host);
  ASSERT_TRUE(recent) << recent.error().message;
  EXPECT_THAT(recent->command_line, testing::Not(HasSubstr("acpi_rsdp")));
  const auto old = plan_for({.kernel = {.protocol = 0x020d}}, host);
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_THAT(old->command_line, testing::EndsWith(" panic=10 acpi_rsdp=0x3fb7e014"));
}

TEST(LoadPlan, Refusals) {
  const HostFacts bios = test::bios_host();
  HostFacts unreserved = test::host_with("00100000-3fffffff : System RAM\n");
  HostFacts five_level = bios;
  five_level.five_level_paging = true;
  HostFacts small = bios;
  small.total_ram = 100 * kMiB;
  HostFacts arm = bios;
  arm.machine = Machine::kArm64;
  struct {
    Wish wish;
    const HostFacts& host;
    ErrorKind kind;
    std::vector<const char*> words;
  } const cases[] = {
      {{}, unreserved, ErrorKind::kUsage, {"no memory is reserved", "add crashkernel="}},
      {{.kernel = {.xload_flags = 0x1f}},
       five_level,
       ErrorKind::kUnsupported,
       {"/boot/vmlinuz-test", "5-level paging", "no5lvl"}},
      {{}, arm, ErrorKind::kUnsupported, {"x86_64"}},
      {{.initrd_bytes = 0}, bios, ErrorKind::kUsage, {"no initrd"}},
      {{.initrd_bytes = 145 * kMiB},
       bios,
       ErrorKind::kUsage,
       {"does not fit", "needs 197 MiB", "192 MiB are reserved", "raise crashkernel= by 5 MiB"}},
      {{.unpacked_initrd = 100 * kMiB, .working_memory = 60 * kMiB},
       bios,
       ErrorKind::kUsage,
       {"needs 213 MiB", "unpacked image 100.0 MiB", "working memory 60.0 MiB"}},
      {{.kernel = {.init_size = 0x20000000}}, bios, ErrorKind::kUsage, {"does not fit", "514 MiB"}},
      {{.window = {0x3d000000, UINT64_MAX}},
       bios,
       ErrorKind::kUsage,
       {"does not fit", "16 MiB are reserved and usable"}},
      {{.window = {0x40000000, 0x50000000}}, bios, ErrorKind::kUsage, {"--mem-min"}},
      {{}, small, ErrorKind::kUsage, {"takes 53 MiB", "more than half", "(50 MiB)"}},
      {{.command_line = "a=" + std::string(2047, 'x')},
       bios,
       ErrorKind::kUsage,
       {"has 2071 bytes", "takes 2047", "a=xxxx"}},
      {{.command_line = "elfcorehdr=0x1"}, bios, ErrorKind::kUsage, {"remove"}},
  };
  for (const auto& c : cases) {
    const auto plan = plan_for(c.wish, c.host);
    ASSERT_FALSE(plan) << c.words[0];
    EXPECT_EQ(plan.error().kind, c.kind) << plan.error().message;
    for (const char* word : c.words) EXPECT_THAT(plan.error().message, HasSubstr(word));
  }
}

TEST(LoadPlan, TheFullCommandLineFits) {
  const std::string prefix = "elfcorehdr=0x3dfff000 ";
  const auto plan =
      plan_for({.command_line = std::string(2047 - prefix.size(), 'x')}, test::bios_host());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->command_line.size(), 2047U);
  EXPECT_FALSE(
      plan_for({.command_line = std::string(2048 - prefix.size(), 'x')}, test::bios_host()));
}

TEST(LoadPlan, TheWindowIsKept) {
  const Wish wish{.window = {0x34001000, 0x3c001800}};
  const HostFacts host = test::bios_host();
  const auto plan = plan_for(wish, host);
  ASSERT_TRUE(plan) << plan.error().message;
  expect_sound(*plan, wish, host);
}

// Any reservation, any sizes: either a sound plan or a refusal that names a remedy.
TEST(LoadPlan, AnyReservation) {
  std::mt19937_64 random(42);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  int planned = 0;
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    const std::uint64_t start = 0x100000 + below(6 * kGiB) / 4096 * 4096;
    const std::uint64_t size = (1 + below(16384)) * 4096;
    std::string iomem =
        fmt::format("00001000-0009fbff : System RAM\n00100000-{:08x} : System RAM\n", 8 * kGiB - 1);
    iomem += fmt::format("  {:08x}-{:08x} : Crash kernel\n", start, start + size - 1);
    HostFacts host = test::host_with(iomem);
    host.total_ram = kGiB;
    host.gigabyte_pages = below(2) == 0;
    host.low_memory_in_use = below(4) == 0;
    if (below(2) == 0) host.elfcorehdr_size = below(kMiB);
    if (below(4) == 0) test::add_efi(host);
    Wish wish;
    wish.initrd_bytes = 1 + below(16 * kMiB);
    wish.kernel.init_size = static_cast<std::uint32_t>(0x40000 + below(16 * kMiB));
    wish.kernel.kernel_alignment = 0x1000U << below(12);
    wish.command_line = std::string(below(2100), 'x');
    const auto plan = plan_for(wish, host);
    if (plan) {
      ++planned;
      expect_sound(*plan, wish, host);
    } else {
      ++refused;
      EXPECT_EQ(plan.error().kind, ErrorKind::kUsage) << plan.error().message;
      EXPECT_THAT(plan.error().message,
                  testing::AnyOf(HasSubstr("raise crashkernel="), HasSubstr("remove")));
    }
    if (HasFailure()) FAIL() << "round " << round << "\n" << iomem;
  }
  EXPECT_GT(planned, 50);
  EXPECT_GT(refused, 50);
}

TEST(LoadPlan, TheLargestThatFitsIsNotRefused) {
  const HostFacts host = test::bios_host();
  const std::uint64_t init_size = align_up(0x3378000, kPage);
  const std::uint64_t others = 4 * kPage;  // header, boot_params (2 pages), trampoline
  const std::uint64_t control = 66 * kPage;
  const std::uint64_t largest = 192 * kMiB - init_size - others - control;
  const auto plan = plan_for({.initrd_bytes = largest}, host);
  ASSERT_TRUE(plan) << plan.error().message;
  expect_sound(*plan, {.initrd_bytes = largest}, host);
  EXPECT_FALSE(plan_for({.initrd_bytes = largest + 1}, host));
}

TEST(LoadPlan, TheWayCanBeToldToASerialLine) {
  const auto plan =
      plan_for({.command_line = "quiet kexec.serial=ttyS1 panic=10"}, test::bios_host());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->command_line, testing::EndsWith(" quiet panic=10"));
  EXPECT_EQ(plan->serial_port, 0x2f8);
  // Kernel, initrd and boot_params are compared with what is there.
  const Segment& trampoline = segment(*plan, "trampoline");
  const ByteReader code(trampoline.bytes);
  const std::uint64_t table = *code.read<Le64>(0x92) - trampoline.address.value();
  std::uint64_t at = table;
  for (const char* name : {"kernel", "boot_params", "initrd"}) {
    const Segment& s = segment(*plan, name);
    EXPECT_EQ(*code.read<Le64>(at), s.address.value()) << name;
    EXPECT_EQ(*code.read<Le64>(at + 8), s.bytes.size() / 8) << name;
    EXPECT_EQ(*code.read<Le64>(at + 16), x86::rotating_sum(s.bytes)) << name;
    at += 24;
  }
  EXPECT_EQ(*code.read<Le64>(at + 8), 0U);
  EXPECT_THAT(describe(*plan), HasSubstr("serial line at I/O port 0x2f8"));
}

TEST(LoadPlan, DescribesItself) {
  HostFacts host = test::bios_host();
  const auto plan = plan_for({}, host);
  ASSERT_TRUE(plan);
  EXPECT_THAT(describe(*plan),
              AllOf(StartsWith("panic kernel /boot/vmlinuz-test\n"),
                    HasSubstr("reserved 0x000032000000-0x00003dffffff (192.0 MiB)\n"),
                    HasSubstr("  0x000032000000-0x000035377fff  kernel "),
                    HasSubstr("notes of 2 CPUs"),
                    HasSubstr("kernel at 0xffffffffad000000"),
                    HasSubstr("\n  " + plan->command_line + "\n")));
}

}  // namespace
}  // namespace kdump::kexec
