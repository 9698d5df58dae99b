// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/trampoline.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::kexec::x86 {
namespace {

// Byte for byte what `objdump -D -b binary -m i386:x86-64` shows as the listing in trampoline.cc.
TEST(Trampoline, Code) {
  const auto bytes = build_trampoline(
      PhysAddr(0x13def0000), PhysAddr(0x13def1000), PhysAddr(0x132000200), std::nullopt);
  const std::vector<unsigned> expected = {
      0xfa,                                                        // cli
      0xfc,                                                        // cld
      0x48, 0xb8, 0x80, 0x00, 0xef, 0x3d, 0x01, 0x00, 0x00, 0x00,  // mov rax, 0x13def0080
      0x0f, 0x01, 0x10,                                            // lgdt [rax]
      0xb8, 0x18, 0x00, 0x00, 0x00,                                // mov eax, 0x18
      0x8e, 0xd8,                                                  // mov ds, eax
      0x8e, 0xc0,                                                  // mov es, eax
      0x8e, 0xd0,                                                  // mov ss, eax
      0x8e, 0xe0,                                                  // mov fs, eax
      0x8e, 0xe8,                                                  // mov gs, eax
      0x48, 0xbc, 0x00, 0x10, 0xef, 0x3d, 0x01, 0x00, 0x00, 0x00,  // mov rsp, 0x13def1000
      0x6a, 0x10,                                                  // push 0x10
      0x48, 0x8d, 0x05, 0x04, 0x00, 0x00, 0x00,                    // lea rax, [rip + 4]
      0x50,                                                        // push rax
      0x48, 0xcb,                                                  // retfq
      0x90,                                                        // nop
      0x48, 0xbe, 0x00, 0x10, 0xef, 0x3d, 0x01, 0x00, 0x00, 0x00,  // mov rsi, 0x13def1000
      0x48, 0xb8, 0x00, 0x02, 0x00, 0x32, 0x01, 0x00, 0x00, 0x00,  // mov rax, 0x132000200
      0xff, 0xe0,                                                  // jmp rax
  };
  ASSERT_GE(bytes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]) << "offset " << i;
  }
}

TEST(Trampoline, CopiesLowMemoryFirst) {
  const PhysAddr address(0x3def0000);
  const auto plain =
      build_trampoline(address, PhysAddr(0x3def1000), PhysAddr(0x32000200), std::nullopt);
  const auto bytes = build_trampoline(
      address, PhysAddr(0x3def1000), PhysAddr(0x32000200), std::nullopt, PhysAddr(0x3d000000));
  const std::vector<unsigned> copy = {
      0x31, 0xf6,                                                  // xor esi, esi
      0x48, 0xbf, 0x00, 0x00, 0x00, 0x3d, 0x00, 0x00, 0x00, 0x00,  // mov rdi, 0x3d000000
      0xb9, 0x00, 0x40, 0x01, 0x00,                                // mov ecx, 0x14000
      0xf3, 0x48, 0xa5,                                            // rep movsq
  };
  std::vector<std::byte> expected(plain.begin(), plain.begin() + 0x35);
  for (const unsigned byte : copy) expected.push_back(std::byte(byte));
  expected.insert(expected.end(), plain.begin() + 0x35, plain.begin() + 0x4b);
  ASSERT_EQ(bytes.size(), plain.size());  // what follows stays where it is
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), bytes.begin()));
  EXPECT_TRUE(std::equal(plain.begin() + 0x60, plain.end(), bytes.begin() + 0x60));
}

TEST(Trampoline, GoesThroughTheSerialCheckWhenThereIsOne) {
  const std::vector<std::byte> loaded(64, std::byte{9});
  const SerialOutput serial{.port = 0x3f8, .loaded = {{PhysAddr(0x32000000), loaded}}};
  const std::uint64_t address = 0x3def0000;
  const auto bytes =
      build_trampoline(PhysAddr(address), PhysAddr(0x3def1000), PhysAddr(0x32000200), serial);
  EXPECT_LT(bytes.size(), 4096U - 64);
  const ByteReader reader(bytes);
  const std::uint64_t target = 0x31 + *reader.read<Le32>(0x2d);
  EXPECT_EQ(*reader.read<std::uint8_t>(target), 0x49);           // mov r8, table
  EXPECT_EQ(*reader.read<Le64>(target + 0x53), address + 0x35);  // and back: mov rsi, boot_params
}

TEST(Trampoline, TheGdtIsWhereLgdtLooks) {
  const std::uint64_t address = 0x3def0000;
  const auto bytes =
      build_trampoline(PhysAddr(address), PhysAddr(0x3def1000), PhysAddr(0x32000200), std::nullopt);
  EXPECT_LT(bytes.size(), 4096U - 64);  // the rest of the page is the stack
  const ByteReader reader(bytes);
  const std::uint64_t pointer = *reader.read<Le64>(4) - address;
  const auto limit = reader.read<Le16>(pointer);
  const auto base = reader.read<Le64>(pointer + 2);
  ASSERT_TRUE(limit && base);
  EXPECT_EQ(*limit, 31);
  EXPECT_EQ(*reader.read<Le64>(*base - address + 0x00), 0U);
  EXPECT_EQ(*reader.read<Le64>(*base - address + 0x10), 0x00af9b000000ffffU);
  EXPECT_EQ(*reader.read<Le64>(*base - address + 0x18), 0x00cf93000000ffffU);
}

}  // namespace
}  // namespace kdump::kexec::x86
