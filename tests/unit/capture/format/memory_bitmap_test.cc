// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/memory_bitmap.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <random>

namespace kdump::capture {
namespace {

TEST(MemoryBitmap, GivesBackWhatWasStored) {
  std::mt19937 random(1);
  struct Row {
    const char* name;
    std::function<void(BlockBits&)> fill;
  };
  const std::vector<Row> table = {
      {"none", [](BlockBits&) {}},
      {"all", [](BlockBits& b) { b.set(0, BlockBits::kPages); }},
      {"first", [](BlockBits& b) { b.set(0, 1); }},
      {"last", [](BlockBits& b) { b.set(BlockBits::kPages - 1, BlockBits::kPages); }},
      {"all but the last", [](BlockBits& b) { b.set(0, BlockBits::kPages - 1); }},
      {"a few",
       [&](BlockBits& b) {
         for (int i = 0; i < 100; ++i) {
           const std::uint64_t at = random() % 32000;
           b.set(at, at + random() % 700);
         }
       }},
      {"every second",
       [](BlockBits& b) {
         for (std::uint64_t i = 0; i < BlockBits::kPages; i += 2) b.set(i, i + 1);
       }},
      {"as many runs as fit",
       [](BlockBits& b) {
         for (std::uint64_t i = 0; i < 1023; ++i) b.set(i * 20, i * 20 + 3);
       }},
      {"one more",
       [](BlockBits& b) {
         for (std::uint64_t i = 0; i < 1024; ++i) b.set(i * 20, i * 20 + 3);
       }},
  };
  MemoryBitmap bitmap;
  std::vector<BlockBits> stored;
  for (std::size_t i = 0; i < table.size(); ++i) {
    BlockBits bits;
    table[i].fill(bits);
    ASSERT_TRUE(bitmap.store(i * 1'000'000, bits));
    stored.push_back(bits);
  }
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto bits = bitmap.load(i * 1'000'000);
    ASSERT_TRUE(bits);
    EXPECT_TRUE(std::ranges::equal(bits->bytes(), stored[i].bytes())) << table[i].name;
  }
  EXPECT_EQ(bitmap.load(7)->count(), 0U) << "never stored";
}

}  // namespace
}  // namespace kdump::capture
