// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/run_capture.h"

#include "base/io.h"
#include "capture/dump_dmesg.h"
#include "capture/format/kdump_format.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/busy_kernel.h"
#include "tests/support/vmcore/kdump_reader.h"
#include "tests/support/vmcore/toy_kernel.h"
#include "tests/support/vmcore/toy_printk_ring.h"

#include <gmock/gmock.h>

#include <csignal>
#include <random>
#include <sys/resource.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

using test::busy_kernel;
using test::KdumpReader;
using test::ToyKernel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunCapture : public ::testing::Test {
 protected:
  Result<CaptureReport> capture(std::uint32_t level, unsigned threads = 2) {
    options_.input = tree_.path("/vmcore");
    options_.output.path = tree_.path("/dump");
    options_.level = DumpLevel(level);
    options_.threads = threads;
    options_.output.overwrite = true;
    return run_capture(options_, progress_);
  }
  void save(ToyKernel& kernel) { ASSERT_TRUE(kernel.finish().save_elf(tree_.path("/vmcore"))); }
  KdumpReader read() {
    auto dump = KdumpReader::open(tree_.path("/dump"));
    EXPECT_TRUE(dump) << dump.error().message;
    return *std::move(dump);
  }
  /// All pages of the dump are those of the memory.
  void expect_same_contents(const KdumpReader& dump, const MemoryImage& memory) {
    for (std::uint64_t pfn = 0; pfn < dump.max_mapnr; ++pfn) {
      if (!dump.dumped(pfn)) continue;
      const auto page = dump.page(pfn);
      ASSERT_TRUE(page) << pfn;
      std::string should(4096, '\0');
      ASSERT_TRUE(memory.read(PhysAddr(pfn * 4096), std::as_writable_bytes(std::span(should))))
          << pfn;
      ASSERT_EQ(*page, should) << pfn;
    }
  }

  kdump::test::TempTree tree_;
  CaptureOptions options_;
  CaptureProgress progress_;
};

TEST_F(RunCapture, WritesADumpThatAnIndependentReaderUnderstands) {
  for (const char* era : {"4.18", "5.10", "6.1", "6.12", "7.2"}) {
    ToyKernel kernel = busy_kernel(era);
    save(kernel);
    const auto report = capture(31);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->warnings, IsEmpty()) << era;
    EXPECT_EQ(report->level, DumpLevel(31));
    const KdumpReader dump = read();
    EXPECT_TRUE(dump.complete());
    EXPECT_EQ(dump.version, 6);
    EXPECT_EQ(dump.status, kCompressedZstd);
    EXPECT_EQ(dump.block_size, 4096U);
    EXPECT_EQ(dump.dump_level, 31);
    EXPECT_EQ(dump.split, 0);
    EXPECT_EQ(dump.nr_cpus, 2);
    EXPECT_EQ(dump.max_mapnr, 0xa000U);
    EXPECT_EQ(dump.phys_base, static_cast<std::uint64_t>(-0x1000000LL));
    EXPECT_EQ(dump.tv_usec, 0) << "libkdumpfile looks for a block size here";
    EXPECT_GT(dump.tv_sec, 1700000000);
    EXPECT_EQ(dump.eraseinfo_offset, 0U);
    EXPECT_EQ(dump.eraseinfo_size, 0U);
    EXPECT_THAT(dump.utsname,
                ElementsAre("Linux", "toyhost", report->release, "#1 SMP toy", "x86_64", "(none)"));
    // VMCOREINFO can be reached in two ways, and the notes are those of the input byte for byte.
    EXPECT_EQ(dump.vmcoreinfo, kernel.vmcoreinfo());
    std::string notes(kernel.memory().notes_size(), '\0');
    ASSERT_TRUE(kernel.memory().read_notes(0, std::as_writable_bytes(std::span(notes))));
    EXPECT_EQ(dump.notes, notes);
    EXPECT_EQ(dump.existing_pages(), test::kBusyPages);
    EXPECT_EQ(dump.dumped_pages(), test::kBusyKept);
    EXPECT_EQ(report->copy.pages, dump.dumped_pages());
    for (const std::uint64_t pfn : {0x9000ULL, 0x93ffULL, 0x9400ULL, 0x9603ULL, 0x99ffULL}) {
      EXPECT_FALSE(dump.dumped(pfn)) << pfn;
    }
    for (const std::uint64_t pfn : {0x8fffULL, 0x9604ULL, 0x9a00ULL, 0x9a07ULL, 0x9fffULL}) {
      EXPECT_TRUE(dump.dumped(pfn)) << pfn;
    }
    expect_same_contents(dump, kernel.memory());
    EXPECT_EQ(tree_.mode("/dump"), 0600U);
  }
}

TEST_F(RunCapture, LevelsAndThreadsChangeNothingElse) {
  ToyKernel kernel = busy_kernel("6.12");
  save(kernel);
  for (const std::uint32_t level : {0U, 1U, 8U, 31U}) {
    std::optional<std::uint64_t> pages;
    for (const unsigned threads : {1U, 2U, 7U}) {
      options_.map_input = threads != 2;
      const auto report = capture(level, threads);
      ASSERT_TRUE(report);
      const KdumpReader dump = read();
      EXPECT_EQ(dump.dump_level, static_cast<std::int32_t>(level));
      expect_same_contents(dump, kernel.memory());
      EXPECT_EQ(dump.dumped_pages(), pages.value_or(dump.dumped_pages()));
      pages = dump.dumped_pages();
    }
  }
}

/// Says that the kernel's code is in these pages.
void set_text(ToyKernel& kernel, std::uint64_t pfn, std::uint64_t pages) {
  const auto symbol = [&](const char* name, std::uint64_t at) {
    kernel.set_key(fmt::format("SYMBOL({})", name),
                   fmt::format("{:x}", kernel.kernel_image(PhysAddr(at * 4096)).value()));
  };
  symbol("_stext", pfn);
  symbol("_etext", pfn + pages);
}

struct Damage {
  const char* name;
  void (*make)(ToyKernel& kernel);
  std::uint32_t level;  ///< left of 31
  const char* warning;
};

// What the crashed kernel says about itself can be anything; there is always a dump.
TEST_F(RunCapture, DoubtKeepsPages) {
  const std::vector<Damage> table = {
      {"another kernel",
       [](ToyKernel& k) { k.set_key("OSRELEASE", "2.6.32"); },
       1,
       "VMCOREINFO does not describe the kernel"},
      {"no section table",
       [](ToyKernel& k) { k.set_key("SYMBOL(mem_section)", std::nullopt); },
       1,
       "SYMBOL(mem_section)"},
      {"no page tables",
       [](ToyKernel& k) {
         k.set_key("SYMBOL(init_top_pgt)", std::nullopt);
         k.set_key("SYMBOL(swapper_pg_dir)", std::nullopt);
       },
       1,
       "SYMBOL(init_top_pgt)"},
      {"no struct page",
       [](ToyKernel& k) {
         k.set_key("SIZE(page)", std::nullopt);
         k.set_key("SYMBOL(kallsyms_names)", std::nullopt);  // the toy has no symbol table
       },
       1,
       "SIZE(page)"},
      {"page tables of garbage",
       [](ToyKernel& k) { k.set_key("SYMBOL(init_top_pgt)", "ffffffff80c01000"); },
       1,
       "describes none of the memory"},
      {"fewer free pages counted than found",
       [](ToyKernel& k) { k.set_counted_free(10); },
       15,
       "free pages are kept: 1024 free pages found, but the kernel counts 10"},
      {"free blocks of impossible orders",
       [](ToyKernel& k) {
         for (std::uint64_t pfn = 0x9b01; pfn < 0x9b41; pfn += 2) k.make_free(pfn, 3);
       },
       15,
       "free pages are kept: 32 of 33 free blocks have an impossible order"},
      {"more pages of processes than the lists have",
       [](ToyKernel& k) {
         k.set_key("NUMBER(NR_ZONE_INACTIVE_ANON)", "1");
         k.set_key("NUMBER(NR_ZONE_UNEVICTABLE)", "5");
         k.make_anonymous(0x9c00, 9);
         k.make_anonymous(0x9e00, 9);
       },
       17,
       "pages of the page cache and of processes are kept: 1540 of them found, but the kernel's "
       "lists have 0"},
      {"text that looks free",
       [](ToyKernel& k) {
         set_text(k, 0x9b00, 32);
         k.make_free(0x9b00, 5);
       },
       15,
       "free pages are kept: 32 of "},
      {"text that looks like a process's",
       [](ToyKernel& k) {
         set_text(k, 0x9b00, 32);
         k.make_anonymous(0x9b00, 5);
       },
       17,
       "pages of the page cache and of processes are kept: 32 of "},
      {"text elsewhere by the page tables",
       [](ToyKernel& k) {
         set_text(k, 0x9200, 16);
         k.map(k.kernel_image(PhysAddr(0x9200000)), PhysAddr(0x9400000), 2);
       },
       1,
       "the kernel's text is at 0x9200000 by VMCOREINFO, but at 0x9400000 by its page tables"},
      {"no page size", [](ToyKernel& k) { k.set_key("PAGESIZE", "4097"); }, 31, "PAGESIZE"},
  };
  for (const Damage& row : table) {
    ToyKernel kernel = busy_kernel("6.1");
    row.make(kernel);
    save(kernel);
    const auto report = capture(31);
    ASSERT_TRUE(report) << row.name << ": " << report.error().message;
    EXPECT_EQ(report->level, DumpLevel(row.level)) << row.name;
    ASSERT_EQ(report->warnings.size(), 1U) << row.name;
    EXPECT_THAT(report->warnings[0], HasSubstr(row.warning)) << row.name;
    const KdumpReader dump = read();
    EXPECT_TRUE(dump.complete()) << row.name;
    EXPECT_EQ(dump.dump_level, static_cast<std::int32_t>(row.level)) << row.name;
    EXPECT_EQ(dump.dumped(0x9000), !DumpLevel(row.level).excludes(DumpLevel::kFree)) << row.name;
    EXPECT_EQ(dump.dumped(0x9400), !DumpLevel(row.level).excludes(DumpLevel::kUser)) << row.name;
    expect_same_contents(dump, kernel.memory());
  }
}

// A damaged struct page or two say nothing about the others, and cost nothing that is known.
TEST_F(RunCapture, WhatIsKnownToBeInUseStays) {
  ToyKernel kernel = busy_kernel("6.12");
  set_text(kernel, 0x9c00, 0x200);
  kernel.make_free(0x9c10, 0);
  kernel.make_anonymous(0x9c20, 1);
  kernel.make_cache(0x9dff);
  kernel.make_free(0x9e00, 3);
  kernel.poison(0x9c40);
  kernel.make_offline(0x9c50);
  save(kernel);
  const auto report = capture(31);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, IsEmpty());
  EXPECT_EQ(report->level, DumpLevel(31));
  const KdumpReader dump = read();
  for (std::uint64_t pfn = 0x9c00; pfn < 0x9e00; ++pfn) {
    EXPECT_EQ(dump.dumped(pfn), pfn != 0x9c40 && pfn != 0x9c50)
        << pfn << ": failed and offline memory is never read";
  }
  EXPECT_FALSE(dump.dumped(0x9e00));
  EXPECT_EQ(report->filter.known[static_cast<std::size_t>(PageClass::kUser)], 2U);
  expect_same_contents(dump, kernel.memory());
}

TEST_F(RunCapture, AVmcoreWithoutNotesIsCopiedWhole) {
  ToyKernel kernel = busy_kernel("6.1");
  ASSERT_TRUE(kernel.memory().save_elf(tree_.path("/vmcore")));
  const auto report = capture(31);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("no VMCOREINFO"), HasSubstr("left out")));
  const KdumpReader dump = read();
  EXPECT_EQ(dump.dumped_pages(), dump.existing_pages());
  EXPECT_EQ(dump.nr_cpus, 1) << "crash wants one at least";
  EXPECT_EQ(dump.utsname[4], "x86_64");
  expect_same_contents(dump, kernel.memory());
}

TEST_F(RunCapture, ACutOffVmcoreGivesWhatIsThere) {
  ToyKernel kernel = busy_kernel("6.1");
  save(kernel);
  // Two pages of headers, 40 MiB, and 6 MiB of the second range remain.
  ASSERT_EQ(::truncate(tree_.path("/vmcore").c_str(), 0x2000 + 0x2800000 + 0x600000), 0);
  const auto report = capture(31);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("cut off")));
  const KdumpReader dump = read();
  EXPECT_EQ(dump.max_mapnr, 0x9500U);
  EXPECT_FALSE(dump.dumped(0x9000));
  expect_same_contents(dump, kernel.memory());
}

/// A limit on the size of files stands in for a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit limit { bytes, before_.rlim_max };
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }

 private:
  struct rlimit before_ {};
  void (*before_handler_)(int) = nullptr;
};

TEST_F(RunCapture, WithoutRoomTheFileSaysThatItIsIncomplete) {
  ToyKernel kernel = busy_kernel("6.1");
  save(kernel);
  options_.codec = {CodecKind::kNone, 0};
  const FileSizeLimit limit(1U << 20U);
  const auto report = capture(0);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr(tree_.path("/dump")));
  EXPECT_THAT(report.error().message, HasSubstr("marked incomplete"));
  const auto text = read_file(tree_.path("/dump"));
  ASSERT_TRUE(text);
  std::uint32_t status = 0;
  std::memcpy(&status, text->data() + 424, sizeof(status));
  EXPECT_EQ(status, kIncomplete);
}

// Wherever the disk is full: a reader can open what is there, is told that it is not all, and gets
// right what it gets. The kernel's image is there before anything else.
TEST_F(RunCapture, AtEveryFillOfTheDiskThereIsADumpToOpen) {
  ToyKernel kernel = busy_kernel("6.12");
  // The image is where most of the random data is.
  kernel.set_key("SYMBOL(_stext)",
                 fmt::format("{:x}", kernel.kernel_image(PhysAddr(0x9a00000)).value()));
  save(kernel);
  options_.codec = {CodecKind::kNone, 0};
  const auto whole = capture(0, 1);
  ASSERT_TRUE(whole) << whole.error().message;
  const std::uint64_t front = whole->file_length - whole->copy.data_bytes;
  unsigned with_image = 0;
  for (std::uint64_t percent = 1; percent < 100; ++percent) {
    const FileSizeLimit limit(front + whole->copy.data_bytes * percent / 100);
    const auto report = capture(0, 1);
    ASSERT_FALSE(report) << percent;
    EXPECT_THAT(report.error().message, HasSubstr("marked incomplete"));
    const KdumpReader dump = read();
    EXPECT_FALSE(dump.complete()) << percent;
    std::uint64_t readable = 0;
    for (std::uint64_t pfn = 0x9000; pfn < 0xa000; ++pfn) {
      const auto page = dump.page(pfn);
      if (!page) continue;
      ++readable;
      std::string should(4096, '\0');
      ASSERT_TRUE(
          kernel.memory().read(PhysAddr(pfn * 4096), std::as_writable_bytes(std::span(should))));
      ASSERT_EQ(*page, should) << percent << " " << pfn;
    }
    if (readable == 0) continue;
    // The image comes first, although other pages have lower numbers.
    EXPECT_TRUE(dump.page(0x9a00)) << percent;
    EXPECT_TRUE(percent >= 9 || !dump.page(0x9000)) << percent << ": the image is 9 % of the data";
    ++with_image;
  }
  EXPECT_GT(with_image, 20U);
}

TEST_F(RunCapture, WithoutRoomTheNextLevelIsTried) {
  ToyKernel kernel = busy_kernel("6.1");
  save(kernel);
  options_.codec = {CodecKind::kNone, 0};
  // Level 0 has to store all 2700 pages of noise, level 8 1024 less.
  const auto large = capture(0);
  ASSERT_TRUE(large);
  options_.smaller_levels = {DumpLevel(8), DumpLevel(31)};
  const FileSizeLimit limit(large->file_length - (3U << 20U));
  const auto report = capture(0);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->level, DumpLevel(8));
  EXPECT_THAT(report->warnings, ElementsAre(HasSubstr("level 8 is tried")));
  const KdumpReader dump = read();
  EXPECT_TRUE(dump.complete());
  EXPECT_EQ(dump.dump_level, 8);
  expect_same_contents(dump, kernel.memory());
}

TEST_F(RunCapture, ADryRunSelectsAndWritesNothing) {
  ToyKernel kernel = busy_kernel("6.12");
  save(kernel);
  options_.dry_run = true;
  const auto report = capture(31);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->kept, test::kBusyKept);
  EXPECT_EQ(report->copy.pages, 0U);
  EXPECT_FALSE(tree_.exists("/dump"));
}

TEST_F(RunCapture, ABadInputLeavesNoOutput) {
  tree_.write("/vmcore", "not a vmcore at all, and certainly none that has 64 bytes of header!");
  const auto report = capture(31);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("/vmcore"));
  EXPECT_FALSE(tree_.exists("/dump"));
}

// Whole vmcores with damage anywhere in the kernel's own structures.
TEST_F(RunCapture, RandomDamageAlwaysEndsInADump) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    const char* const eras[] = {"5.10", "6.12", "7.2"};
    ToyKernel kernel = busy_kernel(eras[seed % 3]);
    test::ToyPrintkRing ring(kernel, 5, 12);
    ring.add(1000, "message");
    kernel.finish();
    std::mt19937_64 random(seed);
    for (unsigned hits = 0; hits < 30; ++hits) {
      // Page tables, sections, names, rings and counters lie in 32 MiB and behind.
      const PhysAddr at(0x2000000 + random() % 0x60000);
      if (kernel.memory().get<std::uint64_t>(at) == 0 && random() % 4 != 0) continue;
      kernel.memory().put(at, random() % 2 == 0 ? random() : ~0ULL);
    }
    ASSERT_TRUE(kernel.memory().save_elf(tree_.path("/vmcore")));
    const auto report = capture(31);
    ASSERT_TRUE(report) << seed << ": " << report.error().message;
    const KdumpReader dump = read();
    EXPECT_TRUE(dump.complete()) << seed;
    expect_same_contents(dump, kernel.memory());
    static_cast<void>(dump_dmesg(tree_.path("/vmcore"), tree_.path("/dmesg"), true));
  }
}

TEST_F(RunCapture, TheLogIsWrittenAsTextOfItsOwn) {
  ToyKernel kernel;
  test::ToyPrintkRing ring(kernel, 5, 12);
  ring.add(1'500'000'000, "Kernel panic - not syncing: toy");
  save(kernel);
  const auto counts = dump_dmesg(tree_.path("/vmcore"), tree_.path("/dmesg"), false);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(tree_.read("/dmesg"), "[    1.500000] Kernel panic - not syncing: toy\n");
  EXPECT_EQ(tree_.mode("/dmesg"), 0600U);
  const auto again = dump_dmesg(tree_.path("/vmcore"), tree_.path("/dmesg"), false);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("--force"));
}

TEST_F(RunCapture, TheLogNeedsNoMemmapAndNoIdentity) {
  ToyKernel kernel;
  test::ToyPrintkRing ring(kernel, 5, 12);
  ring.add(1'000'000'000, "still here");
  for (const char* key : {"SYMBOL(mem_section)", "SIZE(page)", "SYMBOL(init_uts_ns)", "PAGESIZE"}) {
    kernel.set_key(key, std::nullopt);
  }
  save(kernel);
  ASSERT_TRUE(dump_dmesg(tree_.path("/vmcore"), tree_.path("/dmesg"), false));
  EXPECT_EQ(tree_.read("/dmesg"), "[    1.000000] still here\n");
}

}  // namespace
}  // namespace kdump::capture
