// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/block_filter.h"

#include "base/io.h"
#include "capture/vmcore/elf_image.h"
#include "capture/vmcore/fault_guard.h"
#include "tests/support/temp_tree.h"
#include "tests/unit/capture/filter/filtered.h"

#include <gmock/gmock.h>

#include <random>
#include <unistd.h>

namespace kdump::capture {
namespace {

using test::Pages;
using test::run_of;
using test::ToyKernel;

ToyKernel::Options of_era(const char* era) {
  ToyKernel::Options options;
  options.era = era;
  return options;
}

TEST(BlockFilter, BlocksAtTheEdgesOfMemoryAndSections) {
  ToyKernel kernel;
  kernel.make_free(0x100, 8);        // the first pages behind the hole
  kernel.make_anonymous(0x1);        // the very first page
  kernel.make_anonymous(0x9e);       // the last whole page before the hole
  kernel.make_free(0x7c00, 10);      // up to the end of section 0
  kernel.make_free(0x8000, 10);      // from the start of section 1
  kernel.make_anonymous(0xfe00, 9);  // up to the end of memory
  Pages expected = run_of(0x100, 256);
  expected.merge(run_of(0x1, 1));
  expected.merge(run_of(0x9e, 1));
  expected.merge(run_of(0x7c00, 0x800));
  expected.merge(run_of(0xfe00, 512));
  EXPECT_EQ(test::filter(kernel, DumpLevel(31)).excluded, expected);
}

TEST(BlockFilter, ABlockIsClippedToWhatExists) {
  // A head whose block reaches into a hole of the memory and beyond its end.
  ToyKernel::Options options;
  options.memory = {{0x100000, 0x9010000}, {0x9080000, 0x90ff000}};
  ToyKernel kernel(options);
  kernel.make_free(0x9000, 8);
  Pages expected = run_of(0x9000, 0x10);
  expected.merge(run_of(0x9080, 0x7f));
  const auto filtered = test::filter(kernel, DumpLevel(16));
  EXPECT_EQ(filtered.excluded, expected);
  EXPECT_EQ(filtered.counts.excluded[static_cast<std::size_t>(PageClass::kFree)], expected.size())
      << "what does not exist is not counted";
}

TEST(BlockFilter, WildOrdersCostThatPageOnly) {
  struct Row {
    const char* name;
    const char* era;
    void (*make)(ToyKernel& kernel);
  };
  const std::vector<Row> table = {
      {"free block of order 11", "6.1", [](ToyKernel& k) { k.make_free(0x9000, 11); }},
      {"free block of order 2^40",
       "6.1",
       [](ToyKernel& k) {
         k.make_free(0x9000, 0);
         k.put64(0x9000, ToyKernel::kPrivate, 1ULL << 40U);
       }},
      {"free block of order -1",
       "6.12",
       [](ToyKernel& k) {
         k.make_free(0x9000, 0);
         k.put64(0x9000, ToyKernel::kPrivate, ~0ULL);
       }},
      {"free block not aligned", "6.1", [](ToyKernel& k) { k.make_free(0x9001, 3); }},
      {"unaccepted block not aligned", "7.2", [](ToyKernel& k) { k.make_unaccepted(0x9001); }},
  };
  for (const Row& row : table) {
    ToyKernel kernel(of_era(row.era));
    row.make(kernel);
    EXPECT_EQ(test::filter(kernel, DumpLevel(31)).excluded, Pages{}) << row.name;
  }
}

TEST(BlockFilter, ACompoundPageIsBelievedWhenItsEndsAgree) {
  for (const char* era : {"5.10", "6.3", "6.12", "7.2"}) {
    // The order byte was overwritten: the block would take in its neighbours.
    ToyKernel longer(of_era(era));
    longer.make_anonymous(0x9000, 2);
    if (longer.era().order == test::PageEra::Order::kByteOfSecond) {
      longer.put8(0x9001, longer.era().order_offset, 9);
    } else {
      longer.put8(0x9001, ToyKernel::kFlags, 9);
    }
    const auto filtered = test::filter(longer, DumpLevel(31));
    EXPECT_EQ(filtered.excluded, Pages{}) << era;
    EXPECT_EQ(filtered.counts.doubtful, 1U) << era;

    // A head flag without tails: one page.
    ToyKernel alone(of_era(era));
    alone.make_anonymous(0x9000);
    alone.set_flags(0x9000, 1ULL << alone.era().head);
    EXPECT_EQ(test::filter(alone, DumpLevel(31)).excluded, run_of(0x9000, 1)) << era;

    // An order no kernel makes, and one that does not fit the address.
    for (const unsigned order : {19U, 63U, 255U}) {
      ToyKernel wild(of_era(era));
      wild.make_anonymous(0x9000, 2);
      wild.put8(0x9001,
                wild.era().order == test::PageEra::Order::kByteOfSecond ? wild.era().order_offset
                                                                        : ToyKernel::kFlags,
                static_cast<std::uint8_t>(order));
      EXPECT_EQ(test::filter(wild, DumpLevel(31)).excluded, run_of(0x9000, 1)) << era << order;
    }
  }
}

TEST(BlockFilter, GiganticFoliosCrossBlocks) {
  // 1 GiB: eight sections of which seven begin with a tail.
  for (const char* era : {"5.10", "6.6", "7.2"}) {
    ToyKernel::Options options = of_era(era);
    options.memory = {{0x100000, 0x90000000}};
    ToyKernel kernel(options);
    kernel.make_hugetlb(0x40000, 18);
    kernel.make_anonymous(0x3ffff);
    kernel.make_free(0x80000, 4);
    Pages expected = run_of(0x3ffff, 0x40001);
    expected.merge(run_of(0x80000, 16));
    for (const unsigned threads : {1U, 3U}) {
      EXPECT_EQ(test::filter(kernel, DumpLevel(31), threads).excluded, expected) << era;
      EXPECT_EQ(test::filter(kernel, DumpLevel(23), threads).excluded,
                run_of(0x80000, 16).size() == 16 ? run_of(0x80000, 16) : Pages{})
          << era << ": kept as a whole";
    }
  }
}

TEST(BlockFilter, AGiganticFolioWithADamagedEndIsKeptFromTheSecondBlockOn) {
  ToyKernel::Options options;
  options.memory = {{0x100000, 0x90000000}};
  ToyKernel kernel(options);
  kernel.make_hugetlb(0x40000, 18);
  kernel.put64(0x7ffff, ToyKernel::kCompoundHead, 0);
  const auto filtered = test::filter(kernel, DumpLevel(31));
  EXPECT_EQ(filtered.excluded, Pages{});
  EXPECT_GE(filtered.counts.doubtful, 1U);
}

TEST(BlockFilter, OptimizedHugetlbMemmapsHaveFalseHeads) {
  for (const char* era : {"5.10", "6.1", "6.6", "6.12", "7.2"}) {
    ToyKernel::Options options = of_era(era);
    options.small_memmap_pages = true;
    ToyKernel kernel(options);
    kernel.make_hugetlb(0x9000, 9);
    kernel.optimize_memmap(0x9000, 9);
    kernel.make_anonymous(0x9200);
    EXPECT_EQ(test::filter(kernel, DumpLevel(8)).excluded, run_of(0x9000, 513)) << era;
    EXPECT_EQ(test::filter(kernel, DumpLevel(23)).excluded, Pages{}) << era;
  }
}

TEST(BlockFilter, StructPagesThatStraddleMemmapPages) {
  for (const std::uint64_t size : {56ULL, 80ULL, 96ULL}) {
    ToyKernel::Options options;
    options.struct_page_size = size;
    options.small_memmap_pages = true;
    ToyKernel kernel(options);
    Pages expected;
    for (std::uint64_t pfn = 0x9000; pfn < 0x9400; pfn += 4) {
      kernel.make_anonymous(pfn, 1);
      expected.merge(run_of(pfn, 2));
    }
    kernel.make_cache(0x9800, 9);
    expected.merge(run_of(0x9800, 512));
    EXPECT_EQ(test::filter(kernel, DumpLevel(31)).excluded, expected) << size;
  }
}

TEST(BlockFilter, PagesWithoutStructPageAreKept) {
  ToyKernel::Options options;
  options.small_memmap_pages = true;
  ToyKernel kernel(options);
  for (std::uint64_t pfn = 0x9000; pfn < 0x9100; ++pfn) kernel.make_anonymous(pfn);
  kernel.memory().set_unreadable(kernel.struct_page_phys(0x9040));
  Pages expected = run_of(0x9000, 0x40);
  expected.merge(run_of(0x9080, 0x80));
  const auto filtered = test::filter(kernel, DumpLevel(31));
  EXPECT_EQ(filtered.excluded, expected);
  EXPECT_EQ(filtered.counts.without_struct_page, 0x40U);
}

TEST(BlockFilter, AFoliosTailsInLostMemoryMakeItDoubtful) {
  ToyKernel::Options options;
  options.small_memmap_pages = true;
  ToyKernel kernel(options);
  kernel.make_anonymous(0x9000, 9);
  kernel.memory().set_unreadable(kernel.struct_page_phys(0x91ff));
  EXPECT_EQ(test::filter(kernel, DumpLevel(31)).excluded, Pages{});
}

// Faults under the mapping of a file, not only errors of reads.
TEST(BlockFilter, SurvivesAMemmapThatFaults) {
  if (!test::kFaultsCanBeTested) GTEST_SKIP() << "no SIGBUS can be caught here";
  ASSERT_TRUE(install_fault_guard());
  kdump::test::TempTree tree;
  ToyKernel kernel;
  for (std::uint64_t pfn = 0x9000; pfn < 0x9100; ++pfn) kernel.make_anonymous(pfn);
  kernel.make_anonymous(0x200);
  ASSERT_TRUE(kernel.finish().save_elf(tree.path("/vmcore")));
  const auto image = ElfImage::open(tree.path("/vmcore"), ElfImage::Access::kMap);
  ASSERT_TRUE(image) << image.error().message;
  const Vmcoreinfo info(kernel.vmcoreinfo());
  ASSERT_EQ(test::filter(**image, info, DumpLevel(31)).excluded.size(), 0x101U);

  // The file loses its end while it is open: from the middle of the struct pages of 0x9080 on. All
  // that the filter needs besides lies before.
  const PhysAddr cut = kernel.struct_page_phys(0x9080);
  const auto piece = (*image)->find(cut, 1);
  ASSERT_TRUE(piece);
  ASSERT_EQ(::truncate(tree.path("/vmcore").c_str(), static_cast<off_t>(piece->offset.value())), 0);
  const auto filtered = test::filter(**image, info, DumpLevel(31));
  Pages expected = run_of(0x9000, 0x80);
  expected.insert(0x200);
  EXPECT_EQ(filtered.excluded, expected);
  EXPECT_GT(filtered.counts.faults, 0U);
  EXPECT_EQ(filtered.counts.without_struct_page, 0x10000U - 0x9080U);
}

// The same result from any number of threads, from mapped files and from images read in pieces.
TEST(BlockFilter, ThreadsAndMappingsAgree) {
  kdump::test::TempTree tree;
  for (const char* era : {"4.18", "6.3", "6.10", "7.2"}) {
    ToyKernel::Options options = of_era(era);
    options.memory = {{0x1000, 0x9fc00}, {0x100000, 0x28000000}};
    ToyKernel kernel(options);
    std::mt19937_64 random(42);
    for (std::uint64_t pfn = 0x8000; pfn < 0x28000;) {
      const auto order = static_cast<unsigned>(random() % 11);
      pfn = align_up(pfn, 1ULL << order);
      switch (random() % 8) {
        case 0:
          kernel.make_free(pfn, order);
          break;
        case 1:
          kernel.make_anonymous(pfn, order);
          break;
        case 2:
          kernel.make_cache(pfn, order);
          break;
        case 3:
          kernel.make_cache_private(pfn, order);
          break;
        case 4:
          kernel.make_slab(pfn, order % 4);
          break;
        default:
          break;
      }
      pfn += 1ULL << order;
    }
    ASSERT_TRUE(kernel.finish().save_elf(tree.path("/vmcore")));
    const auto image = ElfImage::open(tree.path("/vmcore"));
    ASSERT_TRUE(image);
    const Vmcoreinfo info(kernel.vmcoreinfo());
    for (const std::uint32_t level : {0U, 2U, 12U, 31U}) {
      const auto one = test::filter(kernel.memory(), info, DumpLevel(level), 1);
      EXPECT_EQ(one.excluded.empty(), level == 0);
      EXPECT_EQ(test::filter(kernel.memory(), info, DumpLevel(level), 4).excluded, one.excluded);
      EXPECT_EQ(test::filter(**image, info, DumpLevel(level), 1).excluded, one.excluded);
      EXPECT_EQ(test::filter(**image, info, DumpLevel(level), 3).excluded, one.excluded);
    }
  }
}

// Struct pages of random bytes: whatever they say, the filter ends and counts add up.
TEST(BlockFilter, RandomStructPagesEndInTime) {
  for (unsigned seed = 0; seed < 6; ++seed) {
    ToyKernel::Options options = of_era(seed % 2 == 0 ? "5.10" : "7.2");
    options.small_memmap_pages = seed % 3 == 0;
    ToyKernel kernel(options);
    std::mt19937_64 random(seed);
    for (std::uint64_t pfn = 0x8000; pfn < 0xa000; ++pfn) {
      for (unsigned offset = 0; offset < 64; offset += 8) {
        // Mostly small numbers and set flags, which look like something.
        const std::uint64_t value = random();
        kernel.put64(pfn, offset, random() % 4 == 0 ? value : value & 0x10150);
      }
      if (random() % 4 == 0) kernel.put32(pfn, ToyKernel::kMapcount, kernel.era().buddy);
    }
    const auto filtered = test::filter(kernel, DumpLevel(31), 2);
    EXPECT_LE(filtered.excluded.size(), 0x10000U);
  }
}

}  // namespace
}  // namespace kdump::capture
