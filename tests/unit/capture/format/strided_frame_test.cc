// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/strided_frame.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <cstring>
#include <random>

namespace kdump::capture {
namespace {

using Page = std::vector<std::byte>;

/// libzstd is the judge: one frame that says its size, with these contents.
void expect_frame(std::span<const std::byte> frame, const Page& page) {
  ASSERT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), page.size());
  ASSERT_EQ(ZSTD_findFrameCompressedSize(frame.data(), frame.size()), frame.size());
  Page back(page.size());
  const std::size_t size = ZSTD_decompress(back.data(), back.size(), frame.data(), frame.size());
  ASSERT_FALSE(ZSTD_isError(size)) << ZSTD_getErrorName(size);
  ASSERT_EQ(back, page);
}

void put(Page& page, std::size_t at, std::uint64_t value) {
  std::memcpy(page.data() + at, &value, sizeof(value));
}

/// The struct pages of free memory: list pointers that point to themselves.
Page free_memmap(std::size_t size, std::uint64_t address) {
  Page page(size);
  for (std::size_t at = 0; at < size; at += 64) {
    put(page, at, 0x0017ffffc0000000ULL);
    put(page, at + 8, address + at + 8);
    put(page, at + 16, address + at + 8);
    put(page, at + 48, 0xffffffffULL);
  }
  return page;
}

TEST(StridedFrame, TakesPagesOfTheMemmapOfAnySize) {
  for (const std::size_t size : {4096U, 16384U, 65536U}) {
    StridedFrame codec(size);
    std::vector<std::byte> frame(codec.bound());
    for (unsigned i = 0; i < 300; ++i) {
      const Page page = free_memmap(size, 0xffffea0000000000ULL + i * size);
      const std::size_t written = codec.compress(page, frame.data());
      ASSERT_GT(written, 0U) << size << " " << i;
      ASSERT_LT(written, size / 16);
      expect_frame(std::span(frame).first(written), page);
    }
  }
}

TEST(StridedFrame, LeavesOtherPagesToLibzstd) {
  StridedFrame codec(4096);
  std::vector<std::byte> frame(codec.bound());
  EXPECT_EQ(codec.compress(Page(4096), frame.data()), 0U) << "nearly nothing in it";
  std::mt19937_64 random(1);
  Page noise(4096);
  for (std::size_t at = 0; at < noise.size(); at += 8) put(noise, at, random());
  EXPECT_EQ(codec.compress(noise, frame.data()), 0U);
}

// What one page taught must not be taken for granted with the next.
TEST(StridedFrame, ChangedPagesStayWhatTheyAre) {
  std::mt19937_64 random(7);
  StridedFrame codec(4096);
  std::vector<std::byte> frame(codec.bound());
  std::size_t taken = 0;
  for (unsigned i = 0; i < 20000; ++i) {
    Page page = free_memmap(4096, 0xffffea0000000000ULL + (random() % 64 << 12U));
    for (std::uint64_t changes = random() % 12; changes > 0; --changes) {
      page[random() % page.size()] = static_cast<std::byte>(random() % 4);
    }
    if (random() % 8 == 0) std::memset(page.data() + 64 * (random() % 60), 0, 200);
    const std::size_t written = codec.compress(page, frame.data());
    if (written == 0) continue;
    ++taken;
    ASSERT_LE(written, codec.bound());
    expect_frame(std::span(frame).first(written), page);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(taken, 1000U);
}

// Arrays of other things, with every kind of sequence: any length of match and run of literals.
TEST(StridedFrame, TakesArraysOfAnyKind) {
  std::mt19937_64 random(3);
  StridedFrame codec(4096);
  std::vector<std::byte> frame(codec.bound());
  std::size_t taken = 0;
  for (unsigned i = 0; i < 20000; ++i) {
    Page page(4096);
    for (std::size_t at = 0; at < 64; ++at) page[at] = static_cast<std::byte>(random());
    for (std::size_t at = 64; at < page.size(); ++at) page[at] = page[at - 64];
    const std::uint64_t every = 1 + random() % 8;
    const std::size_t length = 1 + random() % 16;
    for (std::size_t at = 64 * every; at < page.size(); at += 64 * every) {
      for (std::size_t j = 0; j < length; ++j) page[at + j] = static_cast<std::byte>(random());
    }
    const std::size_t written = codec.compress(page, frame.data());
    if (written == 0) continue;
    ++taken;
    expect_frame(std::span(frame).first(written), page);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(taken, 100U);
}

TEST(FseTable, DescribesItselfAsLibzstdReadsIt) {
  // The frames above are the proof for whole pages; this for lopsided counts.
  FseTable table;
  FseTable::Counts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = 1;
  counts[0] = 60000;
  table.build(counts);
  std::array<std::byte, 64> description{};
  EXPECT_LE(table.describe(description.data()), 40U);
}

}  // namespace
}  // namespace kdump::capture
