// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/verify.h"

#include "capture/run_capture.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/busy_kernel.h"

#include <gmock/gmock.h>

#include <cstring>
#include <functional>
#include <random>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kKept = test::kBusyKept;

template <typename T>
void put(std::string& text, std::size_t at, T value) {
  std::memcpy(text.data() + at, &value, sizeof(value));
}
template <typename T>
T get(const std::string& text, std::size_t at) {
  T value{};
  std::memcpy(&value, text.data() + at, sizeof(value));
  return value;
}

std::size_t bitmap1_at(const std::string& text) {
  return (1 + std::size_t{get<std::uint32_t>(text, 432)}) * kPage;
}
std::size_t descriptors_at(const std::string& text) {
  return bitmap1_at(text) + std::size_t{get<std::uint32_t>(text, 436)} * kPage;
}

class Verify : public ::testing::Test {
 protected:
  Verify() : kernel_(test::busy_kernel("6.12")) {
    EXPECT_TRUE(kernel_.finish().save_elf(tree_.path("/vmcore")));
  }
  std::string dump(DumpFormat format, bool flattened, std::string_view codec = "zlib") {
    CaptureOptions options;
    options.input = tree_.path("/vmcore");
    options.output.path = tree_.path("/dump");
    options.output.overwrite = true;
    options.output.flattened = flattened;
    options.format = format;
    options.codec = *parse_codec(codec);
    options.threads = 2;
    CaptureProgress progress;
    EXPECT_TRUE(run_capture(options, progress));
    return tree_.read("/dump");
  }
  VerifyReport verify(std::optional<std::string> source = std::nullopt) {
    CaptureProgress progress;
    auto report = verify_dump({tree_.path("/dump"), std::move(source), 3}, progress);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : VerifyReport();
  }

  kdump::test::TempTree tree_;
  ToyKernel kernel_;
};

TEST_F(Verify, WhatIsWrittenIsSound) {
  struct Row {
    DumpFormat format;
    bool flattened;
    const char* codec;
  };
  for (const Row& row : std::vector<Row>{{DumpFormat::kKdump, false, "zstd"},
                                         {DumpFormat::kKdump, false, "zlib"},
                                         {DumpFormat::kKdump, false, "lzo"},
                                         {DumpFormat::kKdump, false, "snappy"},
                                         {DumpFormat::kKdump, false, "none"},
                                         {DumpFormat::kKdump, true, "zstd"},
                                         {DumpFormat::kElf, false, "none"},
                                         {DumpFormat::kElf, true, "none"}}) {
    dump(row.format, row.flattened, row.codec);
    for (const bool with_source : {false, true}) {
      const VerifyReport report =
          verify(with_source ? std::optional(tree_.path("/vmcore")) : std::nullopt);
      EXPECT_THAT(report.messages, IsEmpty()) << row.codec;
      EXPECT_TRUE(report.sound());
      EXPECT_EQ(report.pages, kKept);
      EXPECT_EQ(report.compared, with_source ? kKept : 0);
      EXPECT_EQ(report.not_compared, 0U);
      EXPECT_EQ(report.without_data, 0U);
    }
  }
}

struct Damage {
  const char* name;
  std::function<void(std::string& text)> make;
  const char* message;
  std::uint64_t faults = 1;
};

TEST_F(Verify, FindsWhatIsWrong) {
  const std::string sound = dump(DumpFormat::kKdump, false);
  const std::size_t table = descriptors_at(sound);
  const std::vector<Damage> cases = {
      {"incomplete", [](std::string& t) { t[424] |= 8; }, "marked incomplete"},
      {"no CPU", [](std::string& t) { put(t, 460, 0); }, "the header says 0 CPUs"},
      {"other CPUs", [](std::string& t) { put(t, 460, 3); }, "says 3 CPUs, the notes have 2"},
      {"a stray page",
       [](std::string& t) { t[bitmap1_at(t) + 0x2000 / 8] &= ~1; },
       "1 pages are in the dump that the first bitmap does not know"},
      {"VMCOREINFO elsewhere",
       [](std::string& t) { put(t, kPage + 32, get<std::uint64_t>(t, kPage + 32) + 1); },
       "VMCOREINFO is not the same"},
      {"VMCOREINFO in the pages",
       [](std::string& t) { put(t, kPage + 32, std::uint64_t{t.size()} - 100000); },
       "before the bitmaps",
       2},
      {"data in the tables",
       [&](std::string& t) { put(t, table, std::uint64_t{kPage}); },
       "page 0x2000: its data at offset 0x1000 lies inside the tables"},
      {"no such codec",
       [&](std::string& t) { put(t, table + 24 + 12, 0x40); },
       "page 0x2001: no codec"},
      {"too large",
       [&](std::string& t) { put(t, table + 8, 5000); },
       "page 0x2000: a record of 5000 bytes"},
      {"no size", [&](std::string& t) { put(t, table + 8, 0); }, "a record of 0 bytes"},
      {"far", [&](std::string& t) { put(t, table, std::uint64_t{1} << 50U); }, "behind the end"},
      {"headers that cannot be", [](std::string& t) { put(t, 428, 7); }, "block size of 7"},
      {"cut off in the bitmaps", [](std::string& t) { t.resize(3 * kPage); }, "the file ends"},
  };
  for (const Damage& damage : cases) {
    std::string text = sound;
    damage.make(text);
    tree_.write("/dump", text);
    const VerifyReport report = verify();
    EXPECT_FALSE(report.sound()) << damage.name;
    EXPECT_EQ(report.faults, damage.faults) << damage.name << report.messages[0];
    EXPECT_THAT(report.messages, Contains(HasSubstr(damage.message))) << damage.name;
  }
}

TEST_F(Verify, NamesTheFirstFaultsOnly) {
  std::string text = dump(DumpFormat::kKdump, false);
  for (std::size_t i = 0; i < 100; ++i) put(text, descriptors_at(text) + i * 24 + 12, 0x40);
  tree_.write("/dump", text);
  const VerifyReport report = verify();
  EXPECT_EQ(report.faults, 100U);
  ASSERT_THAT(report.messages, SizeIs(20));
  EXPECT_THAT(report.messages.front(), HasSubstr("page 0x2000:"));
  EXPECT_THAT(report.messages.back(), HasSubstr("page 0x2013:"));
}

TEST_F(Verify, AFlippedBitIsFoundOrHarmless) {
  const std::string sound = dump(DumpFormat::kKdump, false, "zlib");
  const std::size_t table = descriptors_at(sound);
  std::mt19937 random(11);
  std::uint64_t found = 0;
  for (int round = 0; round < 20; ++round) {
    // A compressed page: its checksum tells.
    std::size_t at = 0;
    do {
      at = table + random() % kKept * 24;
    } while (get<std::uint32_t>(sound, at + 12) == 0);
    std::string text = sound;
    const std::size_t place =
        get<std::uint64_t>(sound, at) + random() % get<std::uint32_t>(sound, at + 8);
    text[place] = static_cast<char>(text[place] ^ (1 << random() % 8));
    tree_.write("/dump", text);
    // Some bits of a zlib stream no decoder looks at.
    const VerifyReport report = verify(tree_.path("/vmcore"));
    EXPECT_EQ(report.faults + report.compared, kKept);
    found += report.faults;
  }
  EXPECT_GT(found, 10U);
}

TEST_F(Verify, ComparesContentsWithTheSource) {
  const std::string sound = dump(DumpFormat::kKdump, false, "none");
  std::string text = sound;
  text[text.size() - 1] ^= 1;
  tree_.write("/dump", text);
  EXPECT_TRUE(verify().sound()) << "a page stored as it is has no checksum";
  const VerifyReport changed = verify(tree_.path("/vmcore"));
  EXPECT_EQ(changed.faults, 1U);
  EXPECT_THAT(changed.messages, Contains(HasSubstr("is not that of the source")));
  EXPECT_EQ(changed.compared, kKept - 1);

  ToyKernel::Options options;
  options.era = "6.1";
  options.memory = {{0x2000000, 0x4800000}};
  ASSERT_TRUE(ToyKernel(options).finish().save_elf(tree_.path("/other")));
  tree_.write("/dump", sound);
  const VerifyReport other = verify(tree_.path("/other"));
  EXPECT_THAT(other.messages, Contains("VMCOREINFO is not that of the source"));
  EXPECT_THAT(other.messages, Contains("the first bitmap is not that of the source's memory"));
  EXPECT_EQ(other.not_compared, kKept - 0x2800);
}

TEST_F(Verify, CountsPagesThatCouldNotBeRead) {
  std::string text = dump(DumpFormat::kKdump, false);
  put(text, descriptors_at(text), std::uint64_t{0});
  put(text, descriptors_at(text) + 8, std::uint64_t{0});
  tree_.write("/dump", text);
  const VerifyReport report = verify(tree_.path("/vmcore"));
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.without_data, 1U);
  EXPECT_EQ(report.compared, kKept - 1);
}

TEST_F(Verify, EveryCutIsFound) {
  for (const DumpFormat format : {DumpFormat::kKdump, DumpFormat::kElf}) {
    for (const bool flattened : {false, true}) {
      const std::string sound = dump(format, flattened);
      for (const std::size_t percent : {1U, 60U, 99U}) {
        tree_.write("/dump", sound.substr(0, sound.size() * percent / 100));
        EXPECT_FALSE(verify().sound()) << percent;
      }
      tree_.write("/dump", sound.substr(0, sound.size() - 1));
      EXPECT_FALSE(verify().sound());
    }
  }
}

TEST_F(Verify, WhatCannotBeOpenedIsAnError) {
  CaptureProgress progress;
  EXPECT_FALSE(verify_dump({tree_.path("/absent"), std::nullopt, 1}, progress));
  dump(DumpFormat::kKdump, false);
  EXPECT_FALSE(verify_dump({tree_.path("/dump"), tree_.path("/absent"), 1}, progress));
}

}  // namespace
}  // namespace kdump::capture
