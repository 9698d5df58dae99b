// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/capture/filter/filtered.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using test::PageEra;
using test::ToyKernel;

constexpr std::uint64_t kPfn = 0x9000;

/// A page of some kind, how many pages it has, and the levels that leave it out.
struct KindOfPage {
  const char* name;
  void (*make)(ToyKernel& kernel);
  std::uint64_t pages;
  std::uint32_t excluding_bits;  ///< any of these
  PageClass page_class;
};

constexpr std::uint32_t kAlways = 0x80000000;

const std::vector<KindOfPage>& kinds() {
  static const std::vector<KindOfPage> table = {
      {"kernel", [](ToyKernel&) {}, 1, 0, PageClass::kKept},
      {"free", [](ToyKernel& k) { k.make_free(kPfn, 0); }, 1, 16, PageClass::kFree},
      {"free block", [](ToyKernel& k) { k.make_free(kPfn, 10); }, 1024, 16, PageClass::kFree},
      {"cache", [](ToyKernel& k) { k.make_cache(kPfn); }, 1, 2 | 4, PageClass::kCache},
      {"cache folio", [](ToyKernel& k) { k.make_cache(kPfn, 4); }, 16, 2 | 4, PageClass::kCache},
      {"cache with private data",
       [](ToyKernel& k) { k.make_cache_private(kPfn); },
       1,
       4,
       PageClass::kCachePrivate},
      {"private cache folio",
       [](ToyKernel& k) { k.make_cache_private(kPfn, 9); },
       512,
       4,
       PageClass::kCachePrivate},
      {"swap cache", [](ToyKernel& k) { k.make_swap_cache(kPfn); }, 1, 2 | 4, PageClass::kCache},
      {"anonymous", [](ToyKernel& k) { k.make_anonymous(kPfn); }, 1, 8, PageClass::kUser},
      {"transparent huge page",
       [](ToyKernel& k) { k.make_anonymous(kPfn, 9); },
       512,
       8,
       PageClass::kUser},
      {"hugetlb", [](ToyKernel& k) { k.make_hugetlb(kPfn, 9); }, 512, 8, PageClass::kUser},
      {"slab", [](ToyKernel& k) { k.make_slab(kPfn); }, 1, 0, PageClass::kKept},
      {"slab of 8 pages", [](ToyKernel& k) { k.make_slab(kPfn, 3); }, 8, 0, PageClass::kKept},
      {"compound kernel page",
       [](ToyKernel& k) { k.make_compound(kPfn, 5); },
       32,
       0,
       PageClass::kKept},
      {"offline",
       [](ToyKernel& k) {
         if (k.era().offline != 0) k.make_offline(kPfn);
       },
       1,
       kAlways,
       PageClass::kOffline},
      {"poisoned",
       [](ToyKernel& k) {
         if (k.era().hw_poison) k.poison(kPfn);
       },
       1,
       kAlways,
       PageClass::kHwPoison},
      {"unaccepted",
       [](ToyKernel& k) {
         if (k.era().unaccepted) k.make_unaccepted(kPfn);
       },
       1024,
       kAlways,
       PageClass::kUnaccepted},
  };
  return table;
}

bool exists_in(const KindOfPage& kind, const PageEra& era) {
  switch (kind.page_class) {
    case PageClass::kOffline:
      return era.offline != 0;
    case PageClass::kHwPoison:
      return era.hw_poison.has_value();
    case PageClass::kUnaccepted:
      return era.unaccepted.has_value();
    default:
      return true;
  }
}

class EveryEra : public ::testing::TestWithParam<PageEra> {};

TEST_P(EveryEra, LeavesOutWhatTheLevelSaysAndNothingElse) {
  for (const KindOfPage& kind : kinds()) {
    ToyKernel::Options options;
    options.era = GetParam().name;
    // No more memory than the kernel's own structures and the pages in question need.
    options.memory = {{0x2000000, 0x4400000}, {0x9000000, 0x9400000}};
    ToyKernel kernel(options);
    kind.make(kernel);
    const bool exists = exists_in(kind, GetParam());
    for (std::uint32_t level = 0; level <= 31; ++level) {
      const test::Filtered filtered = test::filter(kernel, DumpLevel(level));
      const bool out = exists && ((kind.excluding_bits & (level | kAlways)) != 0);
      const std::string what = fmt::format("{}, level {}", kind.name, level);
      ASSERT_EQ(filtered.excluded, out ? test::run_of(kPfn, kind.pages) : test::Pages{}) << what;
      for (std::size_t i = 0; i < kPageClasses; ++i) {
        const bool counted = out && kind.page_class == static_cast<PageClass>(i);
        ASSERT_EQ(filtered.counts.excluded[i], counted ? kind.pages : 0) << what;
      }
      ASSERT_EQ(filtered.counts.doubtful, 0U) << what;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels,
                         EveryEra,
                         ::testing::ValuesIn(test::page_eras()),
                         [](const auto& row) {
                           std::string name = "v" + row.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(PageClassifier, TheFirstClassThatTheLevelExcludesCounts) {
  struct Row {
    const char* name;
    void (*make)(ToyKernel& kernel);
    std::uint32_t level;
    PageClass page_class;
  };
  const std::vector<Row> table = {
      {"poisoned cache page, cache excluded",
       [](ToyKernel& k) {
         k.make_cache(kPfn);
         k.poison(kPfn);
       },
       2,
       PageClass::kCache},
      {"poisoned cache page, cache kept",
       [](ToyKernel& k) {
         k.make_cache(kPfn);
         k.poison(kPfn);
       },
       8,
       PageClass::kHwPoison},
      {"poisoned anonymous page at level 0",
       [](ToyKernel& k) {
         k.make_anonymous(kPfn);
         k.poison(kPfn);
       },
       0,
       PageClass::kHwPoison},
      {"free poisoned page, free kept",
       [](ToyKernel& k) {
         k.make_free(kPfn, 0);
         k.poison(kPfn);
       },
       1,
       PageClass::kHwPoison},
      {"anonymous page in the swap cache is the process's",
       [](ToyKernel& k) {
         k.make_swap_cache(kPfn);
         k.make_anonymous(kPfn);
       },
       31,
       PageClass::kUser},
  };
  for (const Row& row : table) {
    ToyKernel::Options options;
    options.era = "6.12";
    ToyKernel kernel(options);
    row.make(kernel);
    const auto filtered = test::filter(kernel, DumpLevel(row.level));
    EXPECT_EQ(filtered.excluded, test::run_of(kPfn, 1)) << row.name;
    EXPECT_EQ(filtered.counts.excluded[static_cast<std::size_t>(row.page_class)], 1U) << row.name;
  }
}

TEST(PageClassifier, DataInTheLowBytesOfAPageTypeDoesNotMatter) {
  // 6.12 moved the type to the top byte so that the rest can hold something.
  ToyKernel::Options options;
  options.era = "6.12";
  ToyKernel kernel(options);
  kernel.make_free(0x9000, 0);
  kernel.put32(0x9000, ToyKernel::kMapcount, 0xf0000123);
  kernel.make_slab(0x9001);
  kernel.put32(0x9001, ToyKernel::kMapcount, 0xf5abcdef);
  kernel.put32(0x9002, ToyKernel::kMapcount, 0xf1000001);
  kernel.put32(0x9003, ToyKernel::kMapcount, 0xefffffff);
  kernel.put32(0x9004, ToyKernel::kMapcount, 0xf2000000);
  const auto filtered = test::filter(kernel, DumpLevel(31));
  EXPECT_EQ(filtered.excluded, (test::Pages{0x9000, 0x9002}));
}

TEST(PageClassifier, BeforeThatEveryBitOfAPageTypeCounts) {
  ToyKernel kernel;
  kernel.make_free(0x9000, 0);
  kernel.put32(0x9000, ToyKernel::kMapcount, 0xffffff7e);
  kernel.make_free(0x9001, 0);
  EXPECT_EQ(test::filter(kernel, DumpLevel(31)).excluded, test::Pages{0x9001});
}

TEST(PageClassifier, WithoutASwapBackedKeyTheSwapCacheFlagIsEnough) {
  ToyKernel kernel;
  kernel.set_key("NUMBER(PG_swapbacked)", std::nullopt);
  kernel.set_flags(0x9000, 1ULL << kernel.era().swap_cache);
  EXPECT_EQ(test::filter(kernel, DumpLevel(2)).excluded, test::Pages{0x9000});
  ToyKernel newer;
  newer.set_flags(0x9000, 1ULL << newer.era().swap_cache);
  EXPECT_EQ(test::filter(newer, DumpLevel(2)).excluded, test::Pages{})
      << "the flag has a second meaning on pages that are not swap backed";
}

TEST(PageClassifier, PoisonInACompoundPageCostsThatPage) {
  for (const char* era : {"4.18", "6.6", "6.12", "7.2"}) {
    ToyKernel::Options options;
    options.era = era;
    ToyKernel kernel(options);
    kernel.make_slab(0x9000, 3);
    kernel.poison(0x9000);
    kernel.make_slab(0x9008, 3);
    kernel.poison(0x900d);
    kernel.make_cache(0x9010, 3);
    kernel.poison(0x9013);
    EXPECT_EQ(test::filter(kernel, DumpLevel(0)).excluded, (test::Pages{0x9000, 0x900d, 0x9013}))
        << era;
  }
}

TEST(PageClassifier, PoisonInAHugetlbPageCostsAllOfIt) {
  ToyKernel::Options options;
  options.era = "6.12";
  ToyKernel kernel(options);
  kernel.make_hugetlb(0x9000, 9);
  kernel.poison(0x9000);
  const auto filtered = test::filter(kernel, DumpLevel(0));
  EXPECT_EQ(filtered.excluded, test::run_of(0x9000, 512));
  EXPECT_EQ(filtered.counts.excluded[static_cast<std::size_t>(PageClass::kHwPoison)], 512U);
}

}  // namespace
}  // namespace kdump::capture
