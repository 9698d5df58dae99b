// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/address_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace kdump {
namespace {

using testing::ElementsAre;

TEST(RangeSet, MergesOverlappingAndTouching) {
  const RangeSet set({{10, 20}, {30, 40}, {20, 30}, {50, 50}});
  EXPECT_THAT(set.ranges(), ElementsAre(Range{10, 40}));
}

TEST(RangeSet, SubtractCutsAndSplits) {
  RangeSet set({{0, 100}});
  set.subtract({40, 60});
  set.subtract({90, 200});
  EXPECT_THAT(set.ranges(), ElementsAre(Range{0, 40}, Range{60, 90}));
  EXPECT_EQ(set.total(), 70U);
}

TEST(RangeSet, AgreesWithASetOfNumbers) {
  std::mt19937 random(1);  // fixed seed: the same cases every time
  for (int round = 0; round < 200; ++round) {
    RangeSet set;
    std::set<std::uint64_t> model;
    for (int step = 0; step < 20; ++step) {
      const std::uint64_t start = random() % 60;
      const Range range{start, start + random() % 12};
      const bool add = random() % 3 != 0;
      add ? set.add(range) : set.subtract(range);
      for (std::uint64_t i = range.start; i < range.end; ++i)
        add ? (void)model.insert(i) : (void)model.erase(i);
    }
    for (std::uint64_t i = 0; i < 80; ++i) ASSERT_EQ(set.contains(i), model.count(i) == 1) << i;
    ASSERT_EQ(set.total(), model.size());
    for (std::size_t i = 1; i < set.ranges().size(); ++i) {
      ASSERT_LT(set.ranges()[i - 1].end, set.ranges()[i].start);
    }
  }
}

TEST(RangeSet, Fits) {
  const RangeSet set({{0x1000, 0x5000}, {0x10000, 0x14000}});
  EXPECT_EQ(set.highest_fit(0x1000, 0x1000, {0, ~0ULL}), 0x13000U);
  EXPECT_EQ(set.highest_fit(0x1000, 0x1000, {0, 0x12800}), 0x11000U);
  EXPECT_EQ(set.highest_fit(0x4000, 0x4000, {0, 0x10000}), std::nullopt)
      << "0x1000..0x5000 has no aligned room";
  EXPECT_EQ(set.lowest_fit(0x3000, 0x2000, {0, ~0ULL}), 0x2000U);
  EXPECT_EQ(set.lowest_fit(0x5000, 0x1000, {0, ~0ULL}), std::nullopt);
}

}  // namespace
}  // namespace kdump
