// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_decoder.h"

#include "capture/format/kdump_format.h"
#include "capture/format/page_codec.h"

#include <gmock/gmock.h>

#include <random>
#include <vector>

namespace kdump::capture {
namespace {

std::vector<std::byte> sample_page(std::size_t size) {
  std::mt19937 random(3);
  std::vector<std::byte> page(size);
  for (std::size_t i = 0; i < size; i += 8) page[i] = static_cast<std::byte>(random() & 7U);
  return page;
}

std::vector<std::byte> packed(const CodecChoice& choice, const std::vector<std::byte>& page) {
  const auto codec = *make_codec(choice, page.size());
  std::vector<std::byte> out(codec->bound());
  out.resize(codec->compress(page, out));
  return out;
}

TEST(PageDecoder, UnpacksWhatEachCodecPacks) {
  PageDecoder decoder;
  for (const char* name : {"zstd", "zstd:19", "zlib", "zlib:12", "lzo", "snappy"}) {
    for (const std::size_t size : {std::size_t{4096}, std::size_t{65536}}) {
      const auto page = sample_page(size);
      const CodecChoice choice = *parse_codec(name);
      const auto data = packed(choice, page);
      ASSERT_LT(data.size(), size);
      std::vector<std::byte> out(size);
      const auto status = decoder.decode(codec_flag(choice.kind), data, out);
      EXPECT_TRUE(status) << name << ' ' << status.error().message;
      EXPECT_EQ(out, page) << name;
    }
  }
  const auto page = sample_page(4096);
  std::vector<std::byte> out(4096);
  EXPECT_TRUE(decoder.decode(0, page, out));
  EXPECT_EQ(out, page);
}

TEST(PageDecoder, APageOfAnotherSizeIsNone) {
  PageDecoder decoder;
  for (const char* name : {"zstd", "zlib", "lzo", "snappy"}) {
    const CodecChoice choice = *parse_codec(name);
    const auto data = packed(choice, sample_page(8192));
    for (const std::size_t size : {std::size_t{4096}, std::size_t{16384}}) {
      std::vector<std::byte> out(size);
      const auto status = decoder.decode(codec_flag(choice.kind), data, out);
      ASSERT_FALSE(status) << name << ' ' << size;
      EXPECT_EQ(status.error().kind, ErrorKind::kBadData);
    }
  }
  std::vector<std::byte> out(4096);
  EXPECT_FALSE(decoder.decode(0, sample_page(4088), out));
}

TEST(PageDecoder, DamagedDataIsAnErrorAndNothingElse) {
  PageDecoder decoder;
  std::mt19937 random(7);
  for (const char* name : {"zstd", "zlib", "lzo", "snappy"}) {
    const CodecChoice choice = *parse_codec(name);
    const auto whole = packed(choice, sample_page(4096));
    for (int round = 0; round < 2000; ++round) {
      auto data = whole;
      if (round % 2 == 0) data.resize(random() % data.size());
      for (std::size_t i = random() % 8; i-- > 0 && !data.empty();) {
        data[random() % data.size()] = static_cast<std::byte>(random());
      }
      std::vector<std::byte> out(4096);
      // Checksums are zlib's alone: whether it fails is the codec's matter, what it touches ours.
      static_cast<void>(decoder.decode(codec_flag(choice.kind), data, out));
    }
    std::vector<std::byte> out(4096);
    EXPECT_FALSE(decoder.decode(codec_flag(choice.kind), {}, out)) << name;
    EXPECT_TRUE(decoder.decode(codec_flag(choice.kind), whole, out)) << name << ": none the worse";
  }
}

TEST(PageDecoder, UnknownCodecsAreRefused) {
  PageDecoder decoder;
  std::vector<std::byte> page(4096);
  for (const std::uint32_t flags : {0x3U, 0x8U, 0x40U, 0xffffffffU}) {
    const auto status = decoder.decode(flags, page, page);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kUnsupported);
  }
}

}  // namespace
}  // namespace kdump::capture
