// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/block_bits.h"

#include "capture/filter/dump_level.h"
#include "capture/filter/page_bitmap.h"
#include "tests/unit/capture/filter/filtered.h"

#include <gmock/gmock.h>

#include <random>
#include <vector>

namespace kdump::capture {
namespace {

TEST(BlockBits, AgreeWithAPlainVector) {
  std::mt19937 random(7);
  BlockBits bits;
  std::vector<bool> plain(BlockBits::kPages);
  for (unsigned round = 0; round < 400; ++round) {
    const std::uint64_t a = random() % (BlockBits::kPages + 1);
    const std::uint64_t b = round % 3 == 0 ? std::min(a + random() % 130, BlockBits::kPages)
                                           : random() % (BlockBits::kPages + 1);
    const std::uint64_t begin = std::min(a, b);
    const std::uint64_t end = std::max(a, b);
    if (round % 2 == 0) {
      bits.set(begin, end);
      std::fill(
          plain.begin() + static_cast<long>(begin), plain.begin() + static_cast<long>(end), true);
    } else {
      const auto were = std::count(
          plain.begin() + static_cast<long>(begin), plain.begin() + static_cast<long>(end), true);
      EXPECT_EQ(bits.clear(begin, end), static_cast<std::uint64_t>(were));
      std::fill(
          plain.begin() + static_cast<long>(begin), plain.begin() + static_cast<long>(end), false);
    }
    const std::uint64_t probe = random() % BlockBits::kPages;
    EXPECT_EQ(bits.test(probe), plain[probe]);
    EXPECT_EQ(bits.count_before(probe),
              static_cast<std::uint64_t>(
                  std::count(plain.begin(), plain.begin() + static_cast<long>(probe), true)));
    const auto next = std::find(plain.begin() + static_cast<long>(probe), plain.end(), true);
    EXPECT_EQ(bits.next_set(probe), static_cast<std::uint64_t>(next - plain.begin()));
    const auto clear = std::find(plain.begin() + static_cast<long>(probe), plain.end(), false);
    EXPECT_EQ(bits.next_clear(probe), static_cast<std::uint64_t>(clear - plain.begin()));
  }
}

TEST(BlockBits, AreTheBytesOfTheFile) {
  BlockBits bits;
  bits.set(0, 1);
  bits.set(9, 11);
  EXPECT_EQ(bits.bytes().size(), 4096U);
  EXPECT_EQ(bits.bytes()[0], std::byte{0x01});
  EXPECT_EQ(bits.bytes()[1], std::byte{0x06});
}

TEST(PageBitmap, HasBlocksOnlyWhereThereIsMemory) {
  test::MemoryStore store;
  // Far apart, two in one block, one across two blocks.
  PageBitmap bitmap(
      {{1, 5}, {100, 200}, {0x8000 - 1, 0x8000 + 1}, {1ULL << 40U, (1ULL << 40U) + 3}}, store);
  EXPECT_EQ(bitmap.blocks(), 3U);
  EXPECT_EQ(bitmap.existing_pages(), 4U + 100 + 2 + 3);
  EXPECT_EQ(bitmap.block_number(2), 1ULL << 25U);
  EXPECT_EQ(bitmap.existing(0).count(), 4U + 100 + 1);
  EXPECT_TRUE(bitmap.existing(1).test(0));
  EXPECT_EQ(bitmap.existing(2).count(), 3U);
  BlockBits some = bitmap.existing(0);
  some.clear(100, 150);
  ASSERT_TRUE(bitmap.set_dumped(0, some));
  ASSERT_TRUE(bitmap.set_dumped(1, BlockBits()));
  ASSERT_TRUE(bitmap.set_dumped(2, bitmap.existing(2)));
  EXPECT_EQ(bitmap.finish(), 55U + 3);
  EXPECT_EQ(bitmap.rank(0), 0U);
  EXPECT_EQ(bitmap.rank(1), 55U);
  EXPECT_EQ(bitmap.rank(2), 55U);
}

TEST(TouchedPages, CountPagesThatAreThereInPart) {
  const PageShift shift;
  EXPECT_EQ(touched_pages(RangeSet({{0x1000, 0x9fc00}, {0x100000, 0x200000}}), shift),
            (std::vector<Range>{{0x1, 0xa0}, {0x100, 0x200}}));
  EXPECT_EQ(touched_pages(RangeSet({{0x1800, 0x1900}, {0x1a00, 0x2100}, {0x2200, 0x2300}}), shift),
            (std::vector<Range>{{0x1, 0x3}}));
  EXPECT_EQ(touched_pages(RangeSet(), shift), std::vector<Range>{});
}

TEST(DumpLevel, IsANumberUpTo31) {
  for (const char* text : {"0", "1", "17", "31", "0x1f"})
    EXPECT_TRUE(DumpLevel::parse(text)) << text;
  for (const char* text : {"", "32", "-1", "a", "1.5", " 1"}) {
    const auto level = DumpLevel::parse(text);
    ASSERT_FALSE(level) << text;
    EXPECT_EQ(level.error().kind, ErrorKind::kUsage);
  }
  EXPECT_EQ(DumpLevel(31).without(DumpLevel::kFree), DumpLevel(15));
}

}  // namespace
}  // namespace kdump::capture
