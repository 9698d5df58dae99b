// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/flattened_file.h"

#include "base/io.h"
#include "capture/vmcore/flattened_format.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/flattened_reader.h"

#include <gmock/gmock.h>

#include <random>

namespace kdump::capture {
namespace {

using ::testing::HasSubstr;

std::string header(std::int64_t version = kFlattenedVersion) {
  FlattenedHeader header;
  header.signature = kFlattenedSignature;
  header.type = kFlattenedType;
  header.version = version;
  std::string text(reinterpret_cast<const char*>(&header), sizeof(header));  // NOLINT
  text.resize(kFlattenedHeaderSize);
  return text;
}

std::string record(std::int64_t offset, std::int64_t size, const std::string& data) {
  FlattenedRecord record;
  record.offset = offset;
  record.size = size;
  return std::string(reinterpret_cast<const char*>(&record), sizeof(record)) + data;  // NOLINT
}

std::string record(std::int64_t offset, const std::string& data) {
  return record(offset, static_cast<std::int64_t>(data.size()), data);
}

const std::string& end_marker() {
  static const std::string marker = record(kFlattenedEnd, kFlattenedEnd, "");
  return marker;
}

class FlattenedFileTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<DumpFile>> open(const std::string& stream) {
    tree_.write("/stream", stream);
    return open_dump_file(tree_.path("/stream"));
  }
  static std::string read(const DumpFile& file, std::uint64_t offset, std::size_t size) {
    std::string text(size, '?');
    const auto status = file.read(offset, std::as_writable_bytes(std::span(text)));
    return status ? text : "error: " + status.error().message;
  }
  kdump::test::TempTree tree_;
};

TEST_F(FlattenedFileTest, IsTheDumpThatItDescribes) {
  std::string dump(100'000, '\0');
  std::mt19937 random(1);
  for (char& c : dump) c = static_cast<char>(random());
  for (const unsigned seed : {0U, 1U, 2U}) {
    for (const std::size_t step : {std::size_t{100}, std::size_t{4096}, std::size_t{200'000}}) {
      const auto file = open(test::flatten(dump, step, seed));
      ASSERT_TRUE(file) << file.error().message;
      EXPECT_TRUE((*file)->flattened());
      EXPECT_FALSE((*file)->cut_off());
      EXPECT_EQ((*file)->mappable_fd(), -1);
      ASSERT_EQ((*file)->size(), dump.size());
      EXPECT_EQ(read(**file, 0, dump.size()), dump);
      for (int i = 0; i < 200; ++i) {
        const std::size_t at = random() % dump.size();
        const std::size_t size = random() % (dump.size() - at);
        ASSERT_EQ(read(**file, at, size), dump.substr(at, size));
      }
    }
  }
}

TEST_F(FlattenedFileTest, HolesAreZeroAndTheEndIsTheEnd) {
  const auto file =
      open(header() + record(10, "aaaa") + record(20, "bbbb") + end_marker() + "behind");
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), 24U);
  EXPECT_EQ(read(**file, 8, 16), std::string("\0\0aaaa\0\0\0\0\0\0bbbb", 16));
  EXPECT_EQ(read(**file, 24, 0), "");
  EXPECT_THAT(read(**file, 21, 4), HasSubstr("the dump ends before"));
  EXPECT_THAT(read(**file, ~0ULL, 1), HasSubstr("the dump ends before"));
}

// makedumpfile writes the header once more at the end.
TEST_F(FlattenedFileTest, LaterRecordsCount) {
  const auto file = open(header() + record(0, "aaaaaaaaaa") + record(8, "bbbb") + record(2, "cc") +
                         record(3, "dddddd") + record(0, "e") + end_marker());
  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file, 0, 12), "eacddddddbbb");
}

TEST_F(FlattenedFileTest, RandomOverlapsAreThoseOfAFileWrittenInPlace) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::string dump;
    std::string stream = header();
    for (int i = 0; i < 30; ++i) {
      const std::size_t at = random() % 200;
      const std::string data(random() % 60, static_cast<char>('a' + i % 26));
      if (!data.empty() && dump.size() < at + data.size()) dump.resize(at + data.size());
      dump.replace(at < dump.size() ? at : dump.size(), data.size(), data);
      stream += record(static_cast<std::int64_t>(at), data);
    }
    const auto file = open(stream + end_marker());
    ASSERT_TRUE(file);
    ASSERT_EQ((*file)->size(), dump.size());
    ASSERT_EQ(read(**file, 0, dump.size()), dump);
  }
}

TEST_F(FlattenedFileTest, WhatWasCutOffHasWhatCame) {
  const std::string stream = header() + record(0, "aaaa") + record(4, "bbbb");
  for (const auto& [size, text] :
       std::vector<std::pair<std::size_t, std::string>>{{stream.size(), "aaaabbbb"},
                                                        {stream.size() - 2, "aaaabb"},
                                                        {stream.size() - 4, "aaaa"},
                                                        {stream.size() - 12, "aaaa"},
                                                        {4096, ""},
                                                        {100, ""}}) {
    const auto file = open(stream.substr(0, size));
    ASSERT_TRUE(file) << size;
    EXPECT_TRUE((*file)->cut_off()) << size;
    EXPECT_EQ((*file)->size(), text.size());
    EXPECT_EQ(read(**file, 0, text.size()), text);
  }
}

TEST_F(FlattenedFileTest, DamagedStreamsAreRefused) {
  for (const auto& [stream, message] : std::vector<std::pair<std::string, const char*>>{
           {header(2) + end_marker(), "version 2"},
           {header() + record(-2, 4, "aaaa"), "record of 4 bytes at offset -2"},
           {header() + record(-1, 4, "aaaa"), "is damaged"},
           {header() + record(0, -1, "aaaa"), "is damaged"},
           {header() + record(INT64_MAX, 1, "a"), "is damaged"},
           {header() + record(INT64_MAX - 1, 1, "a"), "of which it has 1"}}) {
    const auto file = open(stream);
    ASSERT_FALSE(file) << message;
    EXPECT_THAT(file.error().message, HasSubstr(message));
    EXPECT_THAT(file.error().message, HasSubstr("/stream"));
  }
}

TEST_F(FlattenedFileTest, WhatIsNoFileIsRefusedWithARemedy) {
  const auto standard_input = open_dump_file("-");
  ASSERT_FALSE(standard_input);
  EXPECT_EQ(standard_input.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(standard_input.error().message, HasSubstr("makedumpfile -R"));
  EXPECT_FALSE(open_dump_file(tree_.folder()));
}

}  // namespace
}  // namespace kdump::capture
