// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps as the input of a capture: filtered further, compressed otherwise, in another form.
#include "base/io.h"
#include "capture/dump_dmesg.h"
#include "capture/run_capture.h"
#include "capture/vmcore/elf_image.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/busy_kernel.h"
#include "tests/support/vmcore/flattened_reader.h"
#include "tests/support/vmcore/kdump_reader.h"
#include "tests/support/vmcore/toy_printk_ring.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using test::busy_kernel;
using test::KdumpReader;
using test::ToyKernel;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Refilter : public ::testing::Test {
 protected:
  /// A machine with one message, as a vmcore in a file.
  void save(const char* era) {
    ToyKernel kernel = busy_kernel(era);
    test::ToyPrintkRing ring(kernel, 5, 12);
    ring.add(1'000'000'000, "sysrq: Trigger a crash");
    ASSERT_TRUE(kernel.finish().save_elf(tree_.path("/vmcore")));
  }

  CaptureReport capture(const std::string& from,
                        const std::string& to,
                        std::uint32_t level,
                        std::string_view codec = "zstd") {
    options_.input = tree_.path(from);
    options_.output.path = tree_.path(to);
    options_.output.overwrite = true;
    options_.level = DumpLevel(level);
    options_.codec = *parse_codec(codec);
    options_.threads = 3;
    CaptureProgress progress;
    auto report = run_capture(options_, progress);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : CaptureReport();
  }
  KdumpReader read(const std::string& name) {
    auto dump = KdumpReader::open(tree_.path(name));
    EXPECT_TRUE(dump) << dump.error().message;
    return dump ? *std::move(dump) : KdumpReader();
  }
  static void expect_equal(const KdumpReader& a, const KdumpReader& b) {
    EXPECT_EQ(a.utsname, b.utsname);
    EXPECT_EQ(a.tv_sec, b.tv_sec);
    EXPECT_EQ(a.phys_base, b.phys_base);
    EXPECT_EQ(a.dump_level, b.dump_level);
    EXPECT_EQ(a.nr_cpus, b.nr_cpus);
    EXPECT_EQ(a.max_mapnr, b.max_mapnr);
    EXPECT_EQ(a.notes, b.notes);
    EXPECT_EQ(a.vmcoreinfo, b.vmcoreinfo);
    EXPECT_EQ(a.existing_pages(), b.existing_pages());
    for (std::uint64_t pfn = 0; pfn < a.max_mapnr; ++pfn) {
      ASSERT_EQ(a.exists(pfn), b.exists(pfn)) << pfn;
      ASSERT_EQ(a.dumped(pfn), b.dumped(pfn)) << pfn;
      if (!a.dumped(pfn)) continue;
      ASSERT_EQ(*a.page(pfn), *b.page(pfn)) << pfn;
    }
  }

  kdump::test::TempTree tree_;
  CaptureOptions options_;
};

TEST_F(Refilter, IsTheSameAsFilteringAtOnce) {
  for (const char* era : {"4.18", "6.1", "6.12", "7.2"}) {
    save(era);
    capture("/vmcore", "/once", 31);
    const KdumpReader once = read("/once");
    EXPECT_LT(once.dumped_pages(), once.existing_pages());
    for (const char* codec : {"none", "lzo", "snappy", "zlib", "zstd"}) {
      for (const std::uint32_t first : {0U, 1U, 17U, 31U}) {
        capture("/vmcore", "/first", first, codec);
        const CaptureReport report = capture("/first", "/second", 31);
        EXPECT_THAT(report.warnings, IsEmpty()) << era << codec << first;
        EXPECT_EQ(report.pages, once.existing_pages());
        expect_equal(read("/second"), once);
      }
    }
  }
}

TEST_F(Refilter, WhatWasLeftOutStaysLeftOut) {
  save("6.12");
  capture("/vmcore", "/once", 17, "lzo");
  const KdumpReader once = read("/once");
  for (const std::uint32_t level : {0U, 1U, 16U}) {
    const CaptureReport report = capture("/once", "/again", level, "zlib");
    EXPECT_EQ(report.level, DumpLevel(17)) << level;
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_EQ(read("/again").status, 1U) << "compressed otherwise";
    expect_equal(read("/again"), once);
  }
  const CaptureReport more = capture("/once", "/again", 8);
  EXPECT_EQ(more.level, DumpLevel(25));
  EXPECT_EQ(more.filter.excluded[static_cast<std::size_t>(PageClass::kFree)], 0U)
      << "they were not there to be left out";
  EXPECT_EQ(read("/again").dumped_pages(), once.dumped_pages() - 1024);
}

TEST_F(Refilter, EveryFormIsAnInput) {
  save("6.12");
  capture("/vmcore", "/once", 31);
  for (const DumpFormat format : {DumpFormat::kKdump, DumpFormat::kElf}) {
    for (const bool flattened : {false, true}) {
      for (const std::uint32_t level : {0U, 31U}) {
        options_.format = format;
        options_.output.flattened = flattened;
        capture("/vmcore", "/first", level, "lzo");
        options_.format = DumpFormat::kKdump;
        options_.output.flattened = false;
        const CaptureReport report = capture("/first", "/second", 31);
        EXPECT_THAT(report.warnings, IsEmpty());
        if (format == DumpFormat::kKdump || level == 0) {
          expect_equal(read("/second"), read("/once"));
        } else {
          EXPECT_EQ(read("/second").dumped_pages(), read("/once").dumped_pages());
        }
      }
    }
  }
}

TEST_F(Refilter, ADumpBecomesAnElfFile) {
  save("6.12");
  capture("/vmcore", "/first", 31);
  options_.format = DumpFormat::kElf;
  capture("/first", "/second", 31);
  const auto image = ElfImage::open(tree_.path("/second"));
  ASSERT_TRUE(image) << image.error().message;
  const KdumpReader first = read("/first");
  EXPECT_EQ((*image)->ranges().total(), first.dumped_pages() * 4096);
  for (std::uint64_t pfn = 0; pfn < first.max_mapnr; ++pfn) {
    if (!first.dumped(pfn)) continue;
    std::string page(4096, '\0');
    ASSERT_TRUE((*image)->read(PhysAddr(pfn * 4096), std::as_writable_bytes(std::span(page))));
    ASSERT_EQ(page, *first.page(pfn)) << pfn;
  }
}

TEST_F(Refilter, AnIncompleteDumpStaysMarked) {
  save("6.12");
  capture("/vmcore", "/first", 31);
  std::string text = tree_.read("/first");
  text[424] = static_cast<char>(text[424] | 8);
  text.resize(text.size() - 5000);
  tree_.write("/first", text);
  for (const bool flattened : {false, true}) {
    for (const DumpFormat format : {DumpFormat::kKdump, DumpFormat::kElf}) {
      options_.format = format;
      options_.output.flattened = flattened;
      const CaptureReport report = capture("/first", "/second", 31);
      EXPECT_THAT(report.warnings, Contains(HasSubstr("an incomplete dump")));
      EXPECT_THAT(report.warnings, Contains(HasSubstr("pages could not be read")));
      std::string second = tree_.read("/second");
      if (flattened) second = test::FlattenedReader::parse(second)->contents;
      EXPECT_NE(second.at(format == DumpFormat::kKdump ? 424 : 48) &
                    (format == DumpFormat::kKdump ? 8 : 1),
                0);
    }
  }
}

TEST_F(Refilter, ErasedPartsAreWarnedOf) {
  save("6.12");
  capture("/vmcore", "/first", 31);
  std::string text = tree_.read("/first");
  // offset_eraseinfo, size_eraseinfo: any bytes of the file.
  text[4096 + 65] = 1;
  text[4096 + 72] = 5;
  tree_.write("/first", text);
  EXPECT_THAT(capture("/first", "/second", 31).warnings, Contains(HasSubstr("were erased")));
}

TEST_F(Refilter, TheLogComesOutOfADumpToo) {
  save("6.12");
  capture("/vmcore", "/first", 31);
  ASSERT_TRUE(dump_dmesg(tree_.path("/first"), tree_.path("/text"), false));
  EXPECT_EQ(tree_.read("/text"), "[    1.000000] sysrq: Trigger a crash\n");
}

}  // namespace
}  // namespace kdump::capture
