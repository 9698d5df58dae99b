// SPDX-License-Identifier: GPL-2.0-or-later
// A dump in several files, and the one that is made of them.
#include "capture/fields.h"
#include "capture/info.h"
#include "capture/reassemble.h"
#include "capture/run_capture.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/kdump_reader.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <random>

namespace kdump::capture {
namespace {

using test::KdumpReader;
using test::ToyKernel;
using ::testing::HasSubstr;

class SplitDump : public ::testing::Test {
 protected:
  SplitDump() {
    ToyKernel::Options options;
    options.memory = {{0x2000000, 0x4800000}, {0x8f00000, 0x12000000}};
    ToyKernel kernel(options);
    kernel.make_free(0x9000, 10);
    std::mt19937_64 random(5);
    for (std::uint64_t pfn = 0x9000; pfn < 0xb000; ++pfn) {
      kernel.memory().put(PhysAddr(pfn * 4096 + 8), random() | 1);
    }
    for (std::uint64_t pfn = 0xc000; pfn < 0xc000 + kEqual; ++pfn) {
      kernel.memory().put(PhysAddr(pfn * 4096), std::uint64_t{0x6b6b6b6b6b6b6b6b});
    }
    EXPECT_TRUE(kernel.finish().save_elf(tree_.path("/vmcore")));
    options_.input = tree_.path("/vmcore");
    options_.output.path = tree_.path("/whole");
    options_.output.overwrite = true;
    options_.threads = 2;
  }

  std::vector<std::string> write_parts(std::size_t count) {
    options_.parts.clear();
    for (std::size_t i = 0; i < count; ++i) {
      options_.parts.push_back(tree_.path(fmt::format("/part{}", i)));
    }
    CaptureProgress progress;
    const auto report = run_capture(options_, progress);
    EXPECT_TRUE(report) << report.error().message;
    return options_.parts;
  }
  KdumpReader whole() {
    options_.parts.clear();
    CaptureProgress progress;
    EXPECT_TRUE(run_capture(options_, progress));
    auto dump = KdumpReader::open(tree_.path("/whole"));
    EXPECT_TRUE(dump) << dump.error().message;
    return *std::move(dump);
  }
  static KdumpReader opened(const std::string& path) {
    auto dump = KdumpReader::open(path);
    EXPECT_TRUE(dump) << path << dump.error().message;
    return *std::move(dump);
  }

  static constexpr std::uint64_t kEqual = 100;
  kdump::test::TempTree tree_;
  CaptureOptions options_;
};

TEST_F(SplitDump, APartSaysWhatItIs) {
  const auto fields = describe_dump(write_parts(2).back());
  ASSERT_TRUE(fields) << fields.error().message;
  const std::string text = fields_as_json(*fields);
  EXPECT_THAT(text, HasSubstr("one part of a split dump"));
  EXPECT_THAT(text, HasSubstr("\"first_page\": "));
}

TEST_F(SplitDump, EachPageIsInOneOfTheFiles) {
  const KdumpReader all = whole();
  for (const std::size_t count : {2U, 3U, 7U}) {
    std::vector<KdumpReader> parts;
    for (const std::string& path : write_parts(count)) parts.push_back(opened(path));
    std::uint64_t next = 0;
    for (const KdumpReader& part : parts) {
      EXPECT_EQ(part.split, 1);
      EXPECT_TRUE(part.complete());
      EXPECT_EQ(part.start_pfn, next) << "no gap, no overlap";
      next = part.end_pfn;
      EXPECT_EQ(part.dumped_pages(), all.dumped_pages()) << "the bitmaps are those of the whole";
      EXPECT_EQ(part.notes, all.notes);
      EXPECT_EQ(part.vmcoreinfo, all.vmcoreinfo);
      std::uint64_t here = 0;
      for (std::uint64_t pfn = 0; pfn < all.max_mapnr; ++pfn) {
        if (!part.in_file(pfn)) continue;
        ++here;
        ASSERT_EQ(part.page(pfn).value_or(""), all.page(pfn).value_or("?")) << pfn;
      }
      EXPECT_NEAR(static_cast<double>(here), static_cast<double>(all.dumped_pages() / count), 64)
          << "about as many pages as the others";
    }
    EXPECT_EQ(next, all.max_mapnr);
  }
}

TEST_F(SplitDump, BlocksOfMemoryAreNotDivided) {
  options_.split_block = 1U << 20U;
  for (const std::string& path : write_parts(5)) EXPECT_EQ(opened(path).start_pfn % 256, 0U);
}

TEST_F(SplitDump, MoreFilesThanPagesAreStillADump) {
  options_.split_block = 1ULL << 40U;
  const auto paths = write_parts(3);
  std::uint64_t pages = 0;
  for (const std::string& path : paths) {
    const KdumpReader part = opened(path);
    for (std::uint64_t pfn = 0; pfn < part.max_mapnr; ++pfn) pages += part.in_file(pfn) ? 1U : 0U;
  }
  EXPECT_EQ(pages, whole().dumped_pages());
}

TEST_F(SplitDump, CountsAreThoseOfAllParts) {
  CaptureProgress progress;
  options_.threads = 1;
  const auto whole = run_capture(options_, progress);
  ASSERT_TRUE(whole);
  options_.parts = {tree_.path("/part0"), tree_.path("/part1"), tree_.path("/part2")};
  const auto report = run_capture(options_, progress);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->copy.pages, whole->copy.pages);
  EXPECT_EQ(report->copy.zero, whole->copy.zero);
  EXPECT_GE(whole->copy.repeated, kEqual - 1);
  // The first of its kind in each part is one.
  EXPECT_GE(report->copy.repeated + 2, whole->copy.repeated);
}

TEST_F(SplitDump, APartThatCannotBeCreatedLeavesNoOthers) {
  tree_.write("/mine", "older");
  options_.parts = {tree_.path("/mine"), tree_.path("/part0"), tree_.path("/absent/part1")};
  CaptureProgress progress;
  const auto report = run_capture(options_, progress);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("/absent/part1"));
  EXPECT_FALSE(tree_.exists("/part0"));
  EXPECT_TRUE(tree_.exists("/mine")) << "it was there before";
}

TEST_F(SplitDump, PartsMakeTheWhole) {
  const auto parts = write_parts(3);
  const KdumpReader all = whole();
  const std::string again = tree_.path("/again");
  // In any order.
  const auto warnings = reassemble({parts[2], parts[0], parts[1]}, again, false);
  ASSERT_TRUE(warnings) << warnings.error().message;
  EXPECT_TRUE(warnings->empty());
  const KdumpReader dump = opened(again);
  EXPECT_TRUE(dump.complete());
  EXPECT_EQ(dump.split, 0);
  EXPECT_EQ(dump.end_pfn, 0U);
  EXPECT_EQ(dump.notes, all.notes);
  EXPECT_EQ(dump.dumped_pages(), all.dumped_pages());
  for (std::uint64_t pfn = 0; pfn < all.max_mapnr; ++pfn) {
    ASSERT_EQ(dump.dumped(pfn), all.dumped(pfn)) << pfn;
    if (!all.dumped(pfn)) continue;
    ASSERT_EQ(dump.page(pfn).value_or("?"), all.page(pfn).value_or("")) << pfn;
  }
}

TEST_F(SplitDump, WhatDoesNotFitTogetherIsRefused) {
  const auto parts = write_parts(3);
  const std::string again = tree_.path("/again");
  const auto gap = reassemble({parts[0], parts[2]}, again, false);
  ASSERT_FALSE(gap);
  EXPECT_THAT(gap.error().message, HasSubstr("no file has the page frames from"));
  const auto twice = reassemble({parts[0], parts[1], parts[1], parts[2]}, again, false);
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("another file has its page frames"));
  static_cast<void>(whole());
  const auto no_part = reassemble({parts[0], tree_.path("/whole")}, again, false);
  ASSERT_FALSE(no_part);
  EXPECT_THAT(no_part.error().message, HasSubstr("not a part of a split dump"));
  std::string text = tree_.read("/part1");
  text[408] = static_cast<char>(text[408] + 1);  // the time of the crash
  tree_.write("/part1", text);
  const auto other = reassemble(parts, again, false);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("parts of different dumps"));
  EXPECT_FALSE(tree_.exists("/again")) << "nothing was written";
}

TEST_F(SplitDump, AnIncompletePartMakesAnIncompleteWhole) {
  const auto parts = write_parts(2);
  std::string text = tree_.read("/part1");
  text[424] = static_cast<char>(text[424] | 8);
  tree_.write("/part1", text);
  const std::string again = tree_.path("/again");
  const auto warnings = reassemble(parts, again, false);
  ASSERT_TRUE(warnings) << warnings.error().message;
  ASSERT_EQ(warnings->size(), 1U);
  EXPECT_THAT(warnings->front(), HasSubstr("part1 is incomplete"));
  EXPECT_FALSE(opened(again).complete());
}

}  // namespace
}  // namespace kdump::capture
