// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/flattened_output.h"

#include "base/io.h"
#include "capture/format/open_output.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/flattened_reader.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

namespace kdump::capture {
namespace {

using test::FlattenedReader;
using ::testing::HasSubstr;

class FlattenedOutputTest : public ::testing::Test {
 protected:
  static std::vector<std::byte> bytes(std::size_t size, int value) {
    return std::vector<std::byte>(size, static_cast<std::byte>(value));
  }
  FlattenedReader read() {
    const auto reader = FlattenedReader::parse(tree_.read("/out"));
    EXPECT_TRUE(reader) << reader.error().message;
    return reader ? *reader : FlattenedReader();
  }

  kdump::test::TempTree tree_;
  std::string path_ = tree_.path("/out");
};

TEST_F(FlattenedOutputTest, GathersWhatTouches) {
  const auto output = *FlattenedOutput::create(path_, false);
  ASSERT_TRUE(output->write_at(100, bytes(10, 1)));
  ASSERT_TRUE(output->write_at(120, bytes(10, 3)));
  ASSERT_TRUE(output->write_at(110, bytes(10, 2)));
  ASSERT_TRUE(output->write_at(0, bytes(50, 9)));
  output->append_from(1000);
  EXPECT_EQ(*output->append(bytes(5, 4)), 1000U);
  EXPECT_EQ(*output->append(bytes(5, 5)), 1005U);
  EXPECT_EQ(output->end(), 1010U);
  ASSERT_TRUE(output->close());
  const FlattenedReader reader = read();
  EXPECT_TRUE(reader.ended);
  EXPECT_EQ(reader.records.size(), 4U) << "two appended, two gathered";
  EXPECT_TRUE(reader.disjoint());
  EXPECT_EQ(reader.contents.substr(100, 30),
            std::string(10, '\1') + std::string(10, '\2') + std::string(10, '\3'));
  EXPECT_EQ(reader.contents.substr(1000), std::string(5, '\4') + std::string(5, '\5'));
  EXPECT_EQ(reader.contents.substr(50, 50), std::string(50, '\0')) << "a hole";
}

TEST_F(FlattenedOutputTest, WhatIsWrittenAgainCounts) {
  const auto output = *FlattenedOutput::create(path_, false);
  ASSERT_TRUE(output->write_at(0, bytes(100, 1)));
  ASSERT_TRUE(output->write_at(40, bytes(20, 2)));
  ASSERT_TRUE(output->close());
  EXPECT_EQ(read().contents, std::string(40, '\1') + std::string(20, '\2') + std::string(40, '\1'));
}

// Page descriptors of a large dump come in thousands of small pieces.
TEST_F(FlattenedOutputTest, HoldsBackLittle) {
  const auto output = *FlattenedOutput::create(path_, false);
  constexpr std::uint64_t kPieces = 4000;
  for (std::uint64_t i = 0; i < kPieces; ++i) {
    // No two of them touch, until the second round.
    ASSERT_TRUE(output->write_at(i * 2048, bytes(1024, 1)));
  }
  EXPECT_GE(output->size()->length, 4096 + kPieces * 1024 - (2U << 20U)) << "2 MiB at most";
  for (std::uint64_t i = 0; i < kPieces; ++i) {
    ASSERT_TRUE(output->write_at(i * 2048 + 1024, bytes(1024, 2)));
  }
  ASSERT_TRUE(output->close());
  const FlattenedReader reader = read();
  EXPECT_TRUE(reader.ended);
  EXPECT_EQ(reader.contents.size(), kPieces * 2048);
  EXPECT_EQ(reader.contents.find('\0'), std::string::npos);
}

TEST_F(FlattenedOutputTest, SeveralThreadsAppend) {
  const auto output = *FlattenedOutput::create(path_, false);
  output->append_from(64);
  std::vector<std::jthread> threads;
  for (int t = 1; t <= 4; ++t) {
    threads.emplace_back([&output, t] {
      for (int i = 0; i < 100; ++i) {
        const auto at = output->append(bytes(1000, t));
        EXPECT_TRUE(at);
        EXPECT_TRUE(output->write_at(1'000'000 + *at / 1000 * 10, bytes(10, t)));
      }
    });
  }
  threads.clear();
  ASSERT_TRUE(output->close());
  const FlattenedReader reader = read();
  EXPECT_TRUE(reader.disjoint());
  for (std::uint64_t i = 0; i < 400; ++i) {
    const char who = reader.contents[64 + i * 1000];
    EXPECT_EQ(reader.contents.substr(64 + i * 1000, 1000), std::string(1000, who));
    EXPECT_EQ(reader.contents.substr(1'000'000 + i * 10, 10), std::string(10, who));
  }
  // What is appended ascends.
  std::uint64_t last = 0;
  for (const FlattenedReader::Record& record : reader.records) {
    if (record.offset >= 1'000'000) continue;
    EXPECT_GE(record.offset, last);
    last = record.offset;
  }
}

TEST_F(FlattenedOutputTest, TheEndMarkerIsWrittenWhateverHappens) {
  {
    const auto output = *FlattenedOutput::create(path_, false);
    ASSERT_TRUE(output->write_at(0, bytes(100, 1)));
  }
  const FlattenedReader reader = read();
  EXPECT_TRUE(reader.ended) << "never closed";
  EXPECT_EQ(reader.contents.size(), 100U) << "nothing of what was held back is lost";
}

TEST_F(FlattenedOutputTest, AFullDiskHasRoomForTheEndMarker) {
  struct rlimit old {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100'000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    const auto output = *FlattenedOutput::create(path_, false);
    EXPECT_TRUE(output->append(bytes(60'000, 1)));
    const auto full = output->append(bytes(60'000, 2));
    EXPECT_FALSE(full);
    EXPECT_EQ(full.error().code, EFBIG);
    EXPECT_THAT(full.error().message, HasSubstr(path_));
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  const FlattenedReader reader = read();
  EXPECT_TRUE(reader.ended);
  EXPECT_EQ(reader.contents, std::string(60'000, '\1'));
}

TEST_F(FlattenedOutputTest, AFileCanBeBegunAgainAndAPipeCannot) {
  const auto output = *FlattenedOutput::create(path_, false);
  EXPECT_TRUE(output->append(bytes(60'000, 1)));
  ASSERT_TRUE(output->clear());
  EXPECT_EQ(*output->append(bytes(10, 2)), 0U);
  ASSERT_TRUE(output->close());
  EXPECT_EQ(read().contents, std::string(10, '\2'));

  const std::string fifo = tree_.path("/fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::string got;
  std::jthread reader([&] {
    const auto text = read_file(fifo);
    if (text) got = *text;
  });
  const auto pipe = *FlattenedOutput::create(fifo, false);
  EXPECT_TRUE(pipe->append(bytes(60'000, 1)));
  const auto again = pipe->clear();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kUnsupported);
  ASSERT_TRUE(pipe->close());
  reader.join();
  const auto parsed = FlattenedReader::parse(got);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->ended);
  EXPECT_EQ(parsed->contents.size(), 60'000U);
}

TEST_F(FlattenedOutputTest, ALimitIsAFullDisk) {
  for (const bool flattened : {false, true}) {
    OutputChoice choice;
    choice.path = path_;
    choice.overwrite = true;
    choice.flattened = flattened;
    choice.size_limit = 1000;
    const auto output = *open_output(choice);
    EXPECT_EQ(output->is_sparse(), !flattened);
    EXPECT_EQ(output->is_stream(), flattened);
    EXPECT_TRUE(output->write_at(900, bytes(100, 1)));
    const auto over = output->write_at(900, bytes(101, 1));
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code, EFBIG);
    EXPECT_FALSE(output->write_at(~0ULL, bytes(1, 1)));
    output->append_from(990);
    EXPECT_TRUE(output->append(bytes(10, 1)));
    EXPECT_FALSE(output->append(bytes(1, 1)));
    EXPECT_FALSE(output->reserve(0, 1001));
    EXPECT_TRUE(output->clear());
    EXPECT_EQ(*output->append(bytes(10, 1)), 0U);
  }
}

}  // namespace
}  // namespace kdump::capture
