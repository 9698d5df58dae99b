// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <elf.h>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kNone = UINT64_MAX;

ElfSegment load(std::uint64_t vaddr, std::uint64_t paddr, std::uint64_t size) {
  return {.type = PT_LOAD, .vaddr = vaddr, .paddr = paddr, .file_size = size, .memory_size = size};
}

// As /proc/kcore of a 4-level kernel with KASLR looks.
std::vector<ElfSegment> four_level() {
  return {{.type = PT_NOTE, .file_size = 100},
          load(0xffffffffad000000, 0x10200000, 0x2830000),
          load(0xffffbde800000000, kNone, 0x1fffffffffff),  // vmalloc
          load(0xffffffffc0000000, kNone, 0x3f000000),      // modules
          load(0xffff8f29c0001000, 0x1000, 0x9e000),
          load(0xffffe6a180000000, kNone, 0x3000),  // vmemmap
          load(0xffff8f29c0100000, 0x100000, 0x3fee0000)};
}

TEST(KernelMapping, FourLevels) {
  const auto mappings = mappings_of_kcore(four_level(), Machine::kX86);
  ASSERT_TRUE(mappings) << mappings.error().message;
  EXPECT_EQ(mappings->kernel.start, VirtAddr(0xffffffffad000000));
  EXPECT_EQ(mappings->kernel.physical, PhysAddr(0x10200000));
  EXPECT_EQ(mappings->kernel.size, 0x2830000U);
  EXPECT_EQ(mappings->direct_map, 0xffff8f29c0000000);
  EXPECT_FALSE(mappings->five_level_paging);
}

TEST(KernelMapping, FiveLevelsShowInTheDirectMap) {
  const auto mappings = mappings_of_kcore({load(0xffffffffbac00000, 0x11c00000, 0x2830000),
                                           load(0xff19e62300100000, 0x100000, 0x3fee0000)},
                                          Machine::kX86);
  ASSERT_TRUE(mappings);
  EXPECT_TRUE(mappings->five_level_paging);
  EXPECT_EQ(mappings->direct_map, 0xff19e62300000000);
}

// As /proc/kcore of an arm64 kernel with 48-bit addresses and KASLR looks, and one with 52-bit
// ones.
TEST(KernelMapping, Arm64ShowsTheImageTwice) {
  const std::vector<ElfSegment> segments = {
      load(0xffffa1f6ac800000, 0x40200000, 0x2a40000),
      load(0xffff800080000000, kNone, 0x7bfdbfff0000),  // vmalloc
      load(0xffff1c8d80000000, 0x40000000, 0x40000000),
      load(0xfffffc7236000000, kNone, 0x1000000),  // vmemmap
      load(0xffff1c8dc0010000, 0x80010000, 0xbfff0000)};
  auto mappings = mappings_of_kcore(segments, Machine::kArm64);
  ASSERT_TRUE(mappings) << mappings.error().message;
  EXPECT_EQ(mappings->kernel.start, VirtAddr(0xffffa1f6ac800000));
  EXPECT_EQ(mappings->kernel.physical, PhysAddr(0x40200000));
  EXPECT_EQ(mappings->direct_map, 0xffff1c8d40000000);
  EXPECT_FALSE(mappings->five_level_paging);

  mappings = mappings_of_kcore({load(0xffffaa5bf1e00000, 0x41000000, 0x2a40000),
                                load(0xfff0a6c7c0000000, 0x40000000, 0x80000000)},
                               Machine::kArm64);
  ASSERT_TRUE(mappings) << mappings.error().message;
  EXPECT_EQ(mappings->kernel.size, 0x2a40000U);
  EXPECT_EQ(mappings->direct_map, 0xfff0a6c780000000);

  for (const int left_out : {0, 2}) {  // the image, and the RAM that holds it
    std::vector<ElfSegment> fewer = segments;
    fewer.erase(fewer.begin() + left_out);
    const auto unknown = mappings_of_kcore(fewer, Machine::kArm64);
    ASSERT_FALSE(unknown) << left_out;
  }
}

TEST(KernelMapping, WithoutEvidenceThereIsNoPlan) {
  const auto with = [](std::vector<ElfSegment> segments, ElfSegment more) {
    segments.push_back(more);
    return segments;
  };
  const auto without = [](std::vector<ElfSegment> segments, std::size_t index) {
    segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(index));
    return segments;
  };
  struct {
    std::vector<ElfSegment> segments;
    const char* message;
  } const cases[] = {
      {{}, "no kernel image"},
      {without(four_level(), 1), "no kernel image"},
      {without(without(four_level(), 6), 4), "no RAM"},
      {with(four_level(), load(0xffff8f2a00000000, 0x10000000, 0x1000)), "not mapped linearly"},
      {with(four_level(), load(0xffffffff81000000, 0x1000000, 0x1000)), "two kernel images"},
  };
  for (const auto& c : cases) {
    const auto mappings = mappings_of_kcore(c.segments, Machine::kX86);
    ASSERT_FALSE(mappings) << c.message;
    EXPECT_EQ(mappings.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(mappings.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace kdump::kexec
