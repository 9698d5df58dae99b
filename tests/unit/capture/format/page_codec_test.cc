// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_codec.h"

#include "capture/format/dump_plan.h"
#include "capture/format/kdump_format.h"

#include <gmock/gmock.h>

#include <random>
#include <vector>

namespace kdump::capture {
namespace {

using ::testing::HasSubstr;

TEST(CodecNames, AreReadAndWritten) {
  struct Row {
    const char* text;
    CodecKind kind;
    std::uint32_t flag;
    const char* name;
  };
  const std::vector<Row> table = {
      {"zstd:3", CodecKind::kZstd, kCompressedZstd, "zstd:3"},
      {"zstd:-5", CodecKind::kZstd, kCompressedZstd, "zstd:-5"},
      {"zlib", CodecKind::kZlib, kCompressedZlib, "zlib:1"},
      {"zlib:9", CodecKind::kZlib, kCompressedZlib, "zlib:9"},
      {"lzo", CodecKind::kLzo, kCompressedLzo, "lzo"},
      {"snappy", CodecKind::kSnappy, kCompressedSnappy, "snappy"},
      {"none", CodecKind::kNone, 0, "none"},
  };
  for (const Row& row : table) {
    const auto choice = parse_codec(row.text);
    ASSERT_TRUE(choice) << row.text;
    EXPECT_EQ(choice->kind, row.kind);
    EXPECT_EQ(codec_flag(choice->kind), row.flag);
    EXPECT_EQ(codec_name(*choice), row.name);
  }
  EXPECT_EQ(*parse_codec("zstd"), default_codec());
  for (const char* text : {"",
                           "lz4",
                           "zstd:",
                           "zstd:20",
                           "zstd:x",
                           "lzo:1",
                           "none:0",
                           "zlib:0",
                           "ZSTD",
                           "zstd:99999999999"}) {
    const auto choice = parse_codec(text);
    ASSERT_FALSE(choice) << text;
    EXPECT_EQ(choice.error().kind, ErrorKind::kUsage) << text;
  }
  EXPECT_THAT(parse_codec("zstd:20").error().message, HasSubstr("-100 to 19"));
}

TEST(PageCodecs, StayWithinTheirBoundAndShrinkWhatCanBeShrunk) {
  for (const char* name : {"zstd", "zstd:-5", "zstd:19", "zlib", "zlib:12", "lzo", "snappy"}) {
    for (const std::size_t size : {std::size_t{4096}, std::size_t{65536}}) {
      const auto codec = make_codec(*parse_codec(name), size);
      ASSERT_TRUE(codec) << name;
      std::vector<std::byte> out((*codec)->bound());
      std::mt19937 random(1);
      std::vector<std::byte> noise(size);
      for (std::byte& b : noise) b = static_cast<std::byte>(random());
      std::vector<std::byte> text(size);
      for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<std::byte>("struct page "[i % 12]);
      // Twice, because a codec keeps its state from page to page.
      for (int round = 0; round < 2; ++round) {
        const std::size_t noisy = (*codec)->compress(noise, out);
        EXPECT_GE(noisy, size) << name;
        EXPECT_LE(noisy, out.size()) << name;
        const std::size_t small = (*codec)->compress(text, out);
        EXPECT_GT(small, 0U) << name;
        EXPECT_LT(small, size / 10) << name;
      }
    }
  }
  const auto none = make_codec(*parse_codec("none"), 4096);
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
}

TEST(DumpPlan, PutsEverythingBehindEachOther) {
  struct Row {
    unsigned page_bits;
    std::uint64_t last_pfn;
    std::uint64_t notes;
    std::uint64_t sub_blocks, half_blocks;
  };
  const std::vector<Row> table = {
      {12, 0x80000, 0xfb4, 2, 16},       // 2 GiB
      {12, 0x80001, 4096 - 104, 1, 17},  // one page more than the bitmap block holds
      {12, 0x80000, 4096 - 103, 2, 16},  // one byte of notes too many
      {12, 1, 0, 1, 1},
      {16, 0x80000, 5000, 1, 1},               // 64 KiB pages
      {12, 1ULL << 40U, 100, 1, 1ULL << 25U},  // 4 PiB of address space
  };
  for (const Row& row : table) {
    const auto geometry = plan_geometry(PageShift{row.page_bits}, {{0, row.last_pfn}}, row.notes);
    ASSERT_TRUE(geometry) << geometry.error().message;
    const std::uint64_t page = 1ULL << row.page_bits;
    EXPECT_EQ(geometry->max_mapnr, row.last_pfn);
    EXPECT_EQ(geometry->sub_header_blocks, row.sub_blocks);
    EXPECT_EQ(geometry->bitmap_blocks, 2 * row.half_blocks);
    EXPECT_EQ(geometry->note_offset, page + 104);
    EXPECT_EQ(geometry->bitmap1_offset, (1 + row.sub_blocks) * page);
    EXPECT_EQ(geometry->bitmap2_offset, (1 + row.sub_blocks + row.half_blocks) * page);
    EXPECT_EQ(geometry->descriptors_offset, (1 + row.sub_blocks + 2 * row.half_blocks) * page);
    const DumpPlan plan = plan_dump(*geometry, 1000);
    EXPECT_EQ(plan.descriptor_offset(1000), geometry->descriptors_offset + 24000);
    EXPECT_GE(plan.zero_page_offset, plan.descriptor_offset(1000));
    EXPECT_EQ(plan.data_offset, plan.zero_page_offset + page);
  }
}

TEST(DumpPlan, SaysWhatTheFormatCannotHold) {
  const auto wide = plan_geometry(PageShift{}, {{0, 1ULL << 50U}}, 0);
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().kind, ErrorKind::kUnsupported);
  for (const std::uint64_t notes : {1ULL << 50U, ~0ULL}) {
    const auto noted = plan_geometry(PageShift{}, {{0, 1}}, notes);
    ASSERT_FALSE(noted);
    EXPECT_EQ(noted.error().kind, ErrorKind::kUnsupported);
  }
}

}  // namespace
}  // namespace kdump::capture
