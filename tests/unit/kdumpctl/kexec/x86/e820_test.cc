// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/e820.h"

#include "tests/support/kexec_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::kexec::x86 {
namespace {

using testing::Contains;
using testing::ElementsAre;

E820Entry entry(std::uint64_t start, std::uint64_t end, E820Type type = E820Type::kRam) {
  return {{start, end}, type};
}

TEST(E820, OnlyTheReservationAndLowMemoryAreRam) {
  EXPECT_THAT(crash_e820(test::bios_host(), {0x3dfff000, 0x3e000000}),
              ElementsAre(entry(0, 0x1000, E820Type::kReserved),
                          entry(0x1000, 0x9fc00),
                          entry(0x9fc00, 0xa0000, E820Type::kReserved),
                          entry(0xf0000, 0x100000, E820Type::kReserved),
                          entry(0x32000000, 0x3dfff000),
                          entry(0x3ffe0000, 0x40000000, E820Type::kReserved),
                          entry(0xfffc0000, 0x100000000, E820Type::kReserved)));
}

TEST(E820, EveryKindOfMemory) {
  const HostFacts host = test::host_with(
      "00000000-0009ffff : System RAM\n"
      "00100000-bfffffff : System RAM\n"
      "  a8000000-ac7fffff : Crash kernel\n"
      "c0000000-c0000fff : ACPI Tables\n"
      "c0001000-c0001fff : ACPI Non-volatile Storage\n"
      "e0000000-efffffff : PCI ECAM 0000 [bus 00-ff]\n"
      "  e0000000-efffffff : Reserved\n"
      "100000000-1bfffffff : System RAM\n"
      "  1a0000000-1afffffff : Crash kernel\n"
      "1c0000000-1cfffffff : Soft Reserved\n"
      "1d0000000-1dfffffff : Persistent Memory (legacy)\n"
      "1e0000000-1efffffff : Persistent Memory\n"
      "1f0000000-1ffffffff : Unusable memory\n");
  EXPECT_THAT(crash_e820(host, {0x1aff00000, 0x1b0000000}),
              ElementsAre(entry(0x1000, 0xa0000),  // never the first page
                          entry(0xa8000000, 0xac800000),
                          entry(0xc0000000, 0xc0001000, E820Type::kAcpi),
                          entry(0xc0001000, 0xc0002000, E820Type::kNvs),
                          entry(0xe0000000, 0xf0000000, E820Type::kReserved),
                          entry(0x1a0000000, 0x1aff00000),
                          entry(0x1d0000000, 0x1e0000000, E820Type::kPram),
                          entry(0x1e0000000, 0x1f0000000, E820Type::kPmem)));
}

TEST(E820, CmaAreasAreRam) {
  HostFacts host = test::bios_host();
  host.crash_cma = {{0x8000000, 0xc000000}};
  EXPECT_THAT(crash_e820(host, {}), Contains(entry(0x8000000, 0xc000000)));
}

TEST(E820, WhatIsReservedIsNotRam) {
  const HostFacts host = test::host_with(
      "00001000-0009ffff : System RAM\n"
      "  00080000-0008ffff : Reserved\n"
      "00100000-3fffffff : System RAM\n"
      "  20000000-2fffffff : Crash kernel\n");
  EXPECT_THAT(crash_e820(host, {}),
              ElementsAre(entry(0x1000, 0x80000),
                          entry(0x80000, 0x90000, E820Type::kReserved),
                          entry(0x90000, 0xa0000),
                          entry(0x20000000, 0x30000000)));
}

}  // namespace
}  // namespace kdump::kexec::x86
