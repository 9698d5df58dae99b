// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/memory_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::kexec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kIomem =
    "00001000-0009fbff : System RAM\n"
    "00100000-bffdffff : System RAM\n"
    "  a8000000-ac7fffff : Crash kernel\n"
    "e0000000-efffffff : PCI ECAM 0000 [bus 00-ff]\n"
    "  e0000000-efffffff : Reserved\n"
    "    e0000000-efffffff : pnp 00:04\n"
    "100000000-1bfffffff : System RAM\n"
    "  1a0000000-1afffffff : Crash kernel\n"
    "1c0000000-1cfffffff : Soft Reserved\n"
    "200000000-2ffffffff : virtio-mem\n"
    "  200000000-207ffffff : System RAM (virtio_mem)\n"
    "300000000-30fffffff : Persistent Memory (legacy)\n"
    "310000000-31fffffff : Persistent Memory\n"
    "320000000-320000fff : ACPI Non-volatile Storage\n"
    "320001000-320001fff : ACPI Tables\n"
    "330000000-330000fff : Unusable memory\n"
    "340000000-340000fff : GART\n";

TEST(MemoryMap, TypesAndDepths) {
  const auto map = MemoryMap::parse(kIomem);
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(map->resources().size(), 17U);
  EXPECT_EQ(map->resources()[5].depth, 2U);
  EXPECT_EQ(map->resources()[5].name, "pnp 00:04");
  EXPECT_THAT(map->of_type(MemoryType::kSystemRam).ranges(),
              ElementsAre(Range{0x1000, 0x9fc00},
                          Range{0x100000, 0xbffe0000},
                          Range{0x100000000, 0x1c0000000},
                          Range{0x200000000, 0x208000000}));
  const std::pair<MemoryType, Range> single[] = {
      {MemoryType::kReserved, {0xe0000000, 0xf0000000}},
      {MemoryType::kSoftReserved, {0x1c0000000, 0x1d0000000}},
      {MemoryType::kPersistentLegacy, {0x300000000, 0x310000000}},
      {MemoryType::kPersistent, {0x310000000, 0x320000000}},
      {MemoryType::kAcpiNvs, {0x320000000, 0x320001000}},
      {MemoryType::kAcpiTables, {0x320001000, 0x320002000}},
      {MemoryType::kUnusable, {0x330000000, 0x330001000}},
      {MemoryType::kGart, {0x340000000, 0x340001000}},
  };
  for (const auto& [type, range] : single) {
    EXPECT_THAT(map->of_type(type).ranges(), ElementsAre(range));
  }
}

TEST(MemoryMap, TheHigherReservationHoldsThePanicKernel) {
  const auto map = MemoryMap::parse(kIomem);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->crash_region(), (Range{0x1a0000000, 0x1b0000000}));
  EXPECT_EQ(map->low_crash_region(), (Range{0xa8000000, 0xac800000}));
}

TEST(MemoryMap, OneReservationOrNone) {
  const auto one =
      MemoryMap::parse("00100000-3fffffff : System RAM\n  20000000-2fffffff : Crash kernel\n");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->crash_region(), (Range{0x20000000, 0x30000000}));
  EXPECT_EQ(one->low_crash_region(), std::nullopt);
  const auto none = MemoryMap::parse("00100000-3fffffff : System RAM\n");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->crash_region(), std::nullopt);
}

TEST(MemoryMap, TouchingReservationsStayTwo) {
  const auto map =
      MemoryMap::parse("10000000-1fffffff : Crash kernel\n20000000-2fffffff : Crash kernel\n");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->crash_region(), (Range{0x20000000, 0x30000000}));
  EXPECT_EQ(map->low_crash_region(), (Range{0x10000000, 0x20000000}));
}

TEST(MemoryMap, Refusals) {
  struct {
    std::string_view text;
    ErrorKind kind;
    const char* message;
  } const cases[] = {
      {"", ErrorKind::kBadData, "/proc/iomem is empty"},
      {"00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n  00000000-00000000 : Kernel "
       "code\n",
       ErrorKind::kUsage,
       "only root"},
      {"00000000-00000fff : Reserved\nnonsense\n", ErrorKind::kBadData, "line 2: \"nonsense\""},
      {"00001000-0000zfff : Reserved\n", ErrorKind::kBadData, "line 1"},
      {"00002000-00001000 : Reserved\n", ErrorKind::kBadData, "line 1"},
      {"00002000 : Reserved\n", ErrorKind::kBadData, "line 1"},
      {"0-1-2 : Reserved\n", ErrorKind::kBadData, "line 1"},
      {"0-ffffffffffffffff : Reserved\n", ErrorKind::kBadData, "line 1"},
      {"0-11111111111111111 : Reserved\n", ErrorKind::kBadData, "line 1"},
      {"      \n", ErrorKind::kBadData, "line 1"},
      {"\x1b[31m\n", ErrorKind::kBadData, "\\x1b[31m"},
  };
  for (const auto& c : cases) {
    const auto map = MemoryMap::parse(c.text);
    ASSERT_FALSE(map) << c.text;
    EXPECT_EQ(map.error().kind, c.kind) << c.text;
    EXPECT_THAT(map.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace kdump::kexec
