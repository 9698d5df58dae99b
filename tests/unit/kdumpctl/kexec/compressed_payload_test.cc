// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/compressed_payload.h"

#include "base/io.h"
#include "base/packed_int.h"
#include "tests/support/bzimage_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace kdump::kexec {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using Kind = test::BzImageBuilder::Payload;

// The payload inside a test image.
std::vector<std::byte> payload_of(Kind kind) {
  const auto image = test::BzImageBuilder{.payload = kind}.build();
  const auto field = [&](std::size_t at) {
    Le32 value;
    std::memcpy(&value, image.data() + at, sizeof(value));
    return static_cast<std::ptrdiff_t>(value);
  };
  const auto from = image.begin() + 40L * 512 + field(0x248);
  return {from, from + field(0x24c)};
}

TEST(CompressedPayload, RecognisesWhatTheKernelUnpacks) {
  struct {
    std::string_view head;
    std::string_view name;
  } const cases[] = {
      {"\x1f\x8b\x08\x00", "gzip"},
      {"\xfd\x37zXZ\x00"sv, "xz"},
      {"\x28\xb5\x2f\xfd", "zstd"},
      {"\x02\x21\x4c\x18", "lz4"},
      {"\x89LZO\x00\r\n\x1a\n"sv, "lzo"},
      {"BZh9", "bzip2"},
      {"\x5d\x00\x00\x80"sv, "lzma"},
      {"\x04\x22\x4d\x18", ""},  // the newer lz4 frame, which the kernel does not know
      {"\x28\xb5\x2f", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(compression_of(as_bytes(c.head)), c.name);
}

TEST(CompressedPayload, WholeStreamsPass) {
  for (const Kind kind : {Kind::kZstd, Kind::kLz4, Kind::kXz, Kind::kGzip, Kind::kLzo}) {
    const auto checked = check_payload(payload_of(kind));
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->unpacked_size, 3U * 3 * 4096);
  }
  EXPECT_FALSE(check_payload(payload_of(Kind::kUnknown)));
  EXPECT_FALSE(check_payload({}));
}

// A stream cut anywhere, with its last four bytes taken for the size.
TEST(CompressedPayload, CutStreamsDoNot) {
  for (const Kind kind : {Kind::kZstd, Kind::kLz4, Kind::kXz, Kind::kLzo}) {
    const auto whole = payload_of(kind);
    for (std::size_t size = 0; size < whole.size(); size += size < 64 ? 1 : 511) {
      EXPECT_FALSE(check_payload(std::span(whole).first(size)))
          << static_cast<int>(kind) << " cut at " << size;
    }
  }
}

TEST(CompressedPayload, ZstdReservedBlockTypeIsDamage) {
  auto bytes = payload_of(Kind::kZstd);
  bytes[6] |= std::byte{6};  // type 3 in the first block header
  const auto checked = check_payload(bytes);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("zstd stream"));
}

TEST(CompressedPayload, ZstdFrameHeaderForms) {
  // single segment with 1-byte and 8-byte content size; dictionary id; run-length block
  struct {
    std::string_view frame;
    bool whole;
  } const cases[] = {
      {"\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00"
       "abcde"sv,
       true},
      {"\x28\xb5\x2f\xfd\xe0\x05\x00\x00\x00\x00\x00\x00\x00\x29\x00\x00"
       "abcde"sv,
       true},
      {"\x28\xb5\x2f\xfd\x01\x38\x07\x29\x00\x00"
       "abcde"sv,
       true},
      {"\x28\xb5\x2f\xfd\x00\x38\x03\x80\x00z"sv, true},
      {"\x28\xb5\x2f\xfd\x00\x38\x03\x80\x00"sv, false},
      {"\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00"
       "abcd"sv,
       false},
      {"\x28\xb5\x2f\xfd\x20\x05\x28\x00\x00"
       "abcde"sv,
       false},  // no last block
  };
  for (const auto& c : cases) {
    const std::string payload = std::string(c.frame) + std::string(4, 'x');
    EXPECT_EQ(check_payload(as_bytes(payload)).has_value(), c.whole) << c.frame.size();
  }
}

// Any bytes behind a magic number end in an answer.
TEST(CompressedPayload, NoiseIsBounded) {
  std::mt19937 random(1);
  for (const Kind kind : {Kind::kZstd, Kind::kLz4, Kind::kXz, Kind::kLzo}) {
    for (int round = 0; round < 200; ++round) {
      auto bytes = payload_of(kind);
      for (int i = 0; i < 20; ++i) {
        bytes[4 + random() % (bytes.size() - 4)] = static_cast<std::byte>(random() & 0xffU);
      }
      bytes.resize(bytes.size() - random() % bytes.size());
      const auto checked = check_payload(bytes);
      if (!checked) {
        EXPECT_EQ(checked.error().kind, ErrorKind::kBadData);
      }
    }
  }
}

}  // namespace
}  // namespace kdump::kexec
