// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/strided_codec.h"

#include "tests/unit/capture/format/sample_pages.h"

#include <gtest/gtest.h>
#include <lzo/lzo1x.h>
#include <zstd.h>

#include <cstring>
#include <random>

namespace kdump::capture {
namespace {

using test::Page;
using test::put;

using Format = StridedCodec::Format;

/// libzstd is the judge: one frame that says its size, with these contents. So is liblzo2.
void expect_record(Format format, std::span<const std::byte> record, const Page& page) {
  Page back(page.size());
  if (format == Format::kZstd) {
    ASSERT_EQ(ZSTD_getFrameContentSize(record.data(), record.size()), page.size());
    ASSERT_EQ(ZSTD_findFrameCompressedSize(record.data(), record.size()), record.size());
    const std::size_t size =
        ZSTD_decompress(back.data(), back.size(), record.data(), record.size());
    ASSERT_FALSE(ZSTD_isError(size)) << ZSTD_getErrorName(size);
  } else {
    lzo_uint size = back.size();
    const auto* const from = reinterpret_cast<const unsigned char*>(record.data());  // NOLINT
    auto* const to = reinterpret_cast<unsigned char*>(back.data());                  // NOLINT
    ASSERT_EQ(lzo1x_decompress_safe(from, record.size(), to, &size, nullptr), LZO_E_OK);
    ASSERT_EQ(size, back.size());
  }
  ASSERT_EQ(back, page);
}

constexpr Format kFormats[] = {Format::kZstd, Format::kLzo};

/// As the codecs do it: what is not taken is learnt from. Returns the size of the record, or 0.
std::size_t compress(StridedCodec& codec, Format format, const Page& page, Page& into) {
  const std::size_t written = codec.compress(page, into.data());
  if (written == 0) {
    codec.learn(page, page.size() / 2);
    return 0;
  }
  EXPECT_LE(written, codec.bound());
  expect_record(format, std::span(into).first(written), page);
  return written;
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

TEST(StridedCodec, LearnsPagesOfTheMemmapOfAnySize) {
  for (const Format format : kFormats) {
    for (const std::size_t size : {4096U, 16384U, 65536U}) {
      StridedCodec codec(size, format);
      Page into(codec.bound());
      std::size_t taken = 0;
      for (unsigned i = 0; i < 300; ++i) {
        const Page page = free_memmap(size, 0xffffea0000000000ULL + i * size);
        const std::size_t written = compress(codec, format, page, into);
        ASSERT_FALSE(HasFatalFailure());
        ASSERT_LT(written, format == Format::kZstd ? size / 16 : size / 5);
        taken += written > 0 ? 1U : 0U;
      }
      EXPECT_GT(taken, 250U) << size;
    }
  }
}

TEST(StridedCodec, LearnsNothingFromOtherPages) {
  std::mt19937_64 random(1);
  for (const Format format : kFormats) {
    StridedCodec codec(4096, format);
    Page into(codec.bound());
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(compress(codec, format, Page(4096), into), 0U) << "nearly nothing in it";
      EXPECT_EQ(compress(codec, format, test::noise(4096, random), into), 0U);
    }
    // What a general compressor betters is not kept.
    const Page page = free_memmap(4096, 0xffffea0000000000ULL);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(codec.compress(page, into.data()), 0U);
      codec.learn(page, 50);
    }
  }
}

// What one page taught must not be taken for granted with the next.
TEST(StridedCodec, ChangedPagesStayWhatTheyAre) {
  for (const Format format : kFormats) {
    std::mt19937_64 random(7);
    StridedCodec codec(4096, format);
    Page into(codec.bound());
    std::size_t taken = 0;
    for (unsigned i = 0; i < 20000; ++i) {
      Page page = free_memmap(4096, 0xffffea0000000000ULL + (random() % 64 << 12U));
      for (std::uint64_t changes = random() % 6; changes > 0; --changes) {
        page[random() % page.size()] = static_cast<std::byte>(random() % 4);
      }
      if (random() % 8 == 0) std::memset(page.data() + 64 * (random() % 60), 0, 200);
      taken += compress(codec, format, page, into) > 0 ? 1U : 0U;
      ASSERT_FALSE(HasFatalFailure());
    }
    EXPECT_GT(taken, 1000U);
  }
}

// Arrays of other things, with every kind of sequence: any length of match and run of literals.
TEST(StridedCodec, TakesArraysOfAnyKind) {
  for (const Format format : kFormats) {
    std::mt19937_64 random(3);
    std::size_t taken = 0;
    for (unsigned i = 0; i < 4000; ++i) {
      StridedCodec codec(4096, format);
      Page into(codec.bound());
      const std::uint64_t every = 1 + random() % 4;
      const std::size_t length = 1 + random() % 12;
      Page first(64);
      for (std::byte& value : first) value = static_cast<std::byte>(random());
      for (int round = 0; round < 2; ++round) {
        Page page(4096);
        for (std::size_t at = 0; at < page.size(); ++at) page[at] = first[at % 64];
        for (std::size_t at = 64 * every; at < page.size(); at += 64 * every) {
          for (std::size_t j = 0; j < length; ++j) page[at + j] = static_cast<std::byte>(random());
        }
        taken += compress(codec, format, page, into) > 0 ? 1U : 0U;
        ASSERT_FALSE(HasFatalFailure()) << i;
      }
    }
    EXPECT_GT(taken, 100U);
  }
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
