// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/arm64/trampoline.h"

#include <gtest/gtest.h>

namespace kdump::kexec::arm64 {
namespace {

// Byte for byte what `aarch64-linux-gnu-objdump -D -b binary -m aarch64` shows as the listing in
// trampoline.cc.
TEST(Arm64Trampoline, Code) {
  const auto bytes = build_trampoline(PhysAddr(0x123456780000), PhysAddr(0x7c200000));
  const std::vector<unsigned> expected = {
      0xc4, 0x00, 0x00, 0x58,                          // ldr x4, 0x18
      0xe0, 0x00, 0x00, 0x58,                          // ldr x0, 0x20
      0xe1, 0x03, 0x1f, 0xaa,                          // mov x1, xzr
      0xe2, 0x03, 0x1f, 0xaa,                          // mov x2, xzr
      0xe3, 0x03, 0x1f, 0xaa,                          // mov x3, xzr
      0x80, 0x00, 0x1f, 0xd6,                          // br x4
      0x00, 0x00, 0x20, 0x7c, 0x00, 0x00, 0x00, 0x00,  // 0x7c200000
      0x00, 0x00, 0x78, 0x56, 0x34, 0x12, 0x00, 0x00,  // 0x123456780000
  };
  ASSERT_EQ(bytes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]) << "offset " << i;
  }
}

}  // namespace
}  // namespace kdump::kexec::arm64
