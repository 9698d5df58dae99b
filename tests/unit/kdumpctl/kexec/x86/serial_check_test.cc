// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/serial_check.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kdump::kexec::x86 {
namespace {

// Byte for byte what `objdump -D -b binary -m i386:x86-64` shows as the listing in serial_check.cc.
TEST(SerialCheck, Code) {
  const auto bytes = build_serial_check(PhysAddr(0x3def0090), 0x2f8, {}, PhysAddr(0x3def0035));
  const std::vector<unsigned> expected = {
      0x49, 0xb8, 0x88, 0x01, 0xef, 0x3d, 0x00, 0x00, 0x00, 0x00,  // mov r8, 0x3def0188
      0x48, 0xbb, 0x12, 0x01, 0xef, 0x3d, 0x00, 0x00, 0x00, 0x00,  // mov rbx, 0x3def0112
      0xe8, 0x44, 0x00, 0x00, 0x00,                                // call 0x5d
      0x49, 0x8b, 0x30,                                            // mov rsi, [r8]
      0x49, 0x8b, 0x48, 0x08,                                      // mov rcx, [r8 + 8]
      0x48, 0x85, 0xc9,                                            // test rcx, rcx
      0x74, 0x2c,                                                  // jz 0x51
      0x31, 0xc0,                                                  // xor eax, eax
      0x48, 0xd1, 0xc0,                                            // rol rax, 1
      0x48, 0x03, 0x06,                                            // add rax, [rsi]
      0x48, 0x83, 0xc6, 0x08,                                      // add rsi, 8
      0x48, 0xff, 0xc9,                                            // dec rcx
      0x75, 0xf1,                                                  // jnz 0x27
      0x49, 0x3b, 0x40, 0x10,                                      // cmp rax, [r8 + 16]
      0x74, 0x0f,                                                  // je 0x4b
      0x48, 0xbb, 0x3e, 0x01, 0xef, 0x3d, 0x00, 0x00, 0x00, 0x00,  // mov rbx, 0x3def013e
      0xe8, 0x12, 0x00, 0x00, 0x00,                                // call 0x5d
      0x49, 0x83, 0xc0, 0x18,                                      // add r8, 24
      0xeb, 0xc8,                                                  // jmp 0x19
      0x48, 0xbb, 0x35, 0x00, 0xef, 0x3d, 0x00, 0x00, 0x00, 0x00,  // mov rbx, 0x3def0035
      0xff, 0xe3,                                                  // jmp rbx
      0xba, 0xfd, 0x02, 0x00, 0x00,                                // mov edx, 0x2fd
      0xb9, 0x00, 0x40, 0x00, 0x00,                                // mov ecx, 0x4000
      0xec,                                                        // in al, dx
      0xa8, 0x20,                                                  // test al, 0x20
      0x75, 0x04,                                                  // jnz 0x70
      0xff, 0xc9,                                                  // dec ecx
      0x75, 0xf7,                                                  // jnz 0x67
      0x8a, 0x03,                                                  // mov al, [rbx]
      0x84, 0xc0,                                                  // test al, al
      0x74, 0x0b,                                                  // jz 0x81
      0xba, 0xf8, 0x02, 0x00, 0x00,                                // mov edx, 0x2f8
      0xee,                                                        // out dx, al
      0x48, 0xff, 0xc3,                                            // inc rbx
      0xeb, 0xdc,                                                  // jmp 0x5d
      0xc3,                                                        // ret
  };
  ASSERT_GE(bytes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]) << "offset " << i;
  }
}

TEST(SerialCheck, TextsAndTableAreWhereTheCodeLooks) {
  const std::uint64_t address = 0x13def0090;
  std::vector<std::byte> loaded(17, std::byte{1});
  const auto bytes = build_serial_check(
      PhysAddr(address), 0x3f8, {{PhysAddr(0x2000), loaded}, {PhysAddr(0x3000), {}}}, PhysAddr(1));
  const ByteReader reader(bytes);
  const auto text_at = [&](std::uint64_t operand) {
    const std::uint64_t at = *reader.read<Le64>(operand) - address;
    return std::string(reinterpret_cast<const char*>(bytes.data()) + at);
  };
  EXPECT_EQ(text_at(0x0c), "\r\nkexec: on the way into the panic kernel\r\n");
  EXPECT_THAT(text_at(0x3e), testing::HasSubstr("overwritten"));
  const std::uint64_t table = *reader.read<Le64>(2) - address;
  EXPECT_EQ(*reader.read<Le64>(table), 0x2000U);
  EXPECT_EQ(*reader.read<Le64>(table + 8), 2U);
  EXPECT_EQ(*reader.read<Le64>(table + 16), rotating_sum(loaded));
  EXPECT_EQ(*reader.read<Le64>(table + 32), 0U);  // what is empty is left out
  EXPECT_EQ(bytes.size(), table + 48);
}

TEST(SerialCheck, SumsNoticeWhatMoves) {
  std::vector<std::byte> bytes(24);
  bytes[0] = std::byte{1};
  bytes[8] = std::byte{2};
  EXPECT_EQ(rotating_sum(bytes), (1U << 2U) + (2U << 1U));
  const std::uint64_t sum = rotating_sum(bytes);
  std::swap(bytes[0], bytes[8]);
  EXPECT_NE(rotating_sum(bytes), sum);
}

}  // namespace
}  // namespace kdump::kexec::x86
