// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/bit_count.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace kdump {
namespace {

TEST(BitCount, IsThatOfTheLibrary) {
  std::mt19937_64 random(3);
  for (unsigned i = 0; i < 10000; ++i) {
    const std::uint64_t word = (random() & random()) | (i % 3 == 0 ? random() : 0);
    ASSERT_EQ(bit_count(word), static_cast<std::uint64_t>(std::popcount(word))) << word;
  }
  EXPECT_EQ(bit_count(0), 0U);
  EXPECT_EQ(bit_count(~std::uint64_t{0}), 64U);
}

}  // namespace
}  // namespace kdump
