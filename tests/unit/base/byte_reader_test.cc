// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/byte_reader.h"

#include "base/address.h"
#include "base/checked_math.h"
#include "base/io.h"
#include "base/packed_int.h"

#include <gtest/gtest.h>

namespace kdump {
namespace {

TEST(ByteReader, NothingPastTheEndWhateverTheOffset) {
  const ByteReader reader(as_bytes("abcdefgh"));
  EXPECT_TRUE(reader.slice(0, 8).has_value());
  EXPECT_TRUE(reader.slice(8, 0).has_value());
  EXPECT_FALSE(reader.slice(1, 8).has_value());
  EXPECT_FALSE(reader.slice(~0ULL, 2).has_value());
  EXPECT_FALSE(reader.slice(2, ~0ULL).has_value());
  EXPECT_FALSE(reader.read<Le64>(1).has_value());
}

TEST(PackedInt, ByteOrders) {
  const ByteReader reader(as_bytes(std::string_view("\x01\x02\x03\x04\xff\xff\xff\xfe", 8)));
  EXPECT_EQ(*reader.read<Le32>(0), 0x04030201U);
  EXPECT_EQ(*reader.read<Be32>(0), 0x01020304U);
  EXPECT_EQ(*reader.read<Be16>(2), 0x0304U);
  const PackedInt<std::int32_t, std::endian::big> negative = -2;
  EXPECT_EQ(static_cast<std::int32_t>(negative), -2);
  LeI64 value;
  value = -129;
  EXPECT_EQ(static_cast<std::int64_t>(value), -129);
}

TEST(CheckedMath, OverflowIsNothing) {
  EXPECT_EQ(checked_add<std::uint64_t>(~0ULL, 1), std::nullopt);
  EXPECT_EQ(checked_mul<std::uint64_t>(1ULL << 40U, 1ULL << 24U), std::nullopt);
  EXPECT_EQ(checked_align_up<std::uint64_t>(0x1001, 0x1000), 0x2000U);
  EXPECT_EQ(checked_align_up<std::uint64_t>(~0ULL - 5, 0x1000), std::nullopt);
}

TEST(Address, KindsConvertOnlyByName) {
  static_assert(!std::is_convertible_v<PhysAddr, VirtAddr>);
  static_assert(!std::is_convertible_v<PhysAddr, std::uint64_t>);
  static_assert(!std::is_convertible_v<std::uint64_t, PhysAddr>);
  const PageShift shift{16};
  EXPECT_EQ(to_pfn(PhysAddr(0x2ffff), shift), Pfn(2));
  EXPECT_EQ(to_phys(Pfn(3), shift), PhysAddr(0x30000));
  EXPECT_EQ(fmt::format("{}", PhysAddr(0x1000)), "0x1000");
}

}  // namespace
}  // namespace kdump
