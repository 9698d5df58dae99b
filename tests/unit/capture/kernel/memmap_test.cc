// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/memmap_source.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <cstring>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using ::testing::HasSubstr;

std::vector<Range> pages_of(const ToyKernel::Options& options) {
  std::vector<Range> pages;
  for (const Range& range : options.memory) pages.push_back({range.start >> 12U, range.end >> 12U});
  return pages;
}

/// A toy kernel whose struct pages carry their page number, and its memmap.
class Numbered {
 public:
  explicit Numbered(const ToyKernel::Options& options) : kernel(options), pages(pages_of(options)) {
    for (std::uint64_t pfn = 0x8000; pfn < 0x9000; ++pfn) {
      kernel.put64(pfn, ToyKernel::kPrivate, pfn);
    }
  }
  Result<MemMapSource> find() {
    info = Vmcoreinfo(kernel.vmcoreinfo());
    return MemMapSource::find(kernel.memory(), info, PageShift{}, pages);
  }

  ToyKernel kernel;
  std::vector<Range> pages;
  Vmcoreinfo info;
};

/// Walks [begin, end) and returns the numbers found, -1 for pages without struct page.
std::vector<std::int64_t> walk(const MemMapSource& source, std::uint64_t begin, std::uint64_t end) {
  auto map = source.open();
  EXPECT_TRUE(map);
  std::vector<std::int64_t> numbers;
  for (Pfn pfn(begin); pfn < Pfn(end);) {
    const PageRun run = map->run_at(pfn, Pfn(end), MemMap::RunSize::kLarge);
    EXPECT_EQ(run.first, pfn);
    EXPECT_GE(run.count, 1U);
    if (run.count == 0) return numbers;
    for (std::uint64_t i = 0; i < run.count; ++i) {
      std::int64_t number = -1;
      if (!run.structs.empty()) {
        std::memcpy(&number,
                    run.structs.data() + i * source.layout().size + ToyKernel::kPrivate,
                    sizeof(number));
      }
      numbers.push_back(number);
    }
    pfn += run.count;
  }
  return numbers;
}

struct Variant {
  const char* name;
  ToyKernel::Options options;
};

std::vector<Variant> variants() {
  std::vector<Variant> table;
  table.push_back({"large pages", {}});
  table.push_back({"five levels", {}});
  table.back().options.five_level = true;
  table.push_back({"scattered small pages", {}});
  table.back().options.small_memmap_pages = true;
  table.push_back({"classic sparse memory", {}});
  table.back().options.classic_sparse = true;
  // A struct page of 80 or 56 bytes lies across two pages of the memmap now and then.
  table.push_back({"80 bytes, scattered", {}});
  table.back().options.struct_page_size = 80;
  table.back().options.small_memmap_pages = true;
  table.push_back({"56 bytes, scattered", {}});
  table.back().options.struct_page_size = 56;
  table.back().options.small_memmap_pages = true;
  return table;
}

TEST(MemMap, ShowsEveryStructPageInEveryLayout) {
  for (const Variant& row : variants()) {
    Numbered numbered(row.options);
    const auto source = numbered.find();
    ASSERT_TRUE(source) << row.name << ": " << source.error().message;
    const auto numbers = walk(*source, 0x8000, 0x8800);
    ASSERT_EQ(numbers.size(), 0x800U) << row.name;
    for (std::uint64_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(numbers[i], static_cast<std::int64_t>(0x8000 + i)) << row.name;
    }
    EXPECT_TRUE(source->sparse().virtual_memmap()) << row.name;
    auto map = source->open();
    std::vector<std::byte> copy(source->layout().size);
    ASSERT_TRUE(map->read_page(Pfn(0x8123), copy)) << row.name;
    std::uint64_t number = 0;
    std::memcpy(&number, copy.data() + ToyKernel::kPrivate, sizeof(number));
    EXPECT_EQ(number, 0x8123U) << row.name;
  }
}

TEST(MemMap, FindsATableBehindAPointer) {
  // Before 4.17 SYMBOL(mem_section) was the address of a pointer to the table.
  Numbered numbered{ToyKernel::Options{}};
  const VirtAddr table = *Vmcoreinfo(numbered.kernel.vmcoreinfo()).symbol("mem_section");
  const PhysAddr pointer = numbered.kernel.allocate(8);
  numbered.kernel.memory().put(pointer, table.value());
  numbered.kernel.set_key("SYMBOL(mem_section)",
                          fmt::format("{:x}", numbered.kernel.kernel_image(pointer).value()));
  const auto source = numbered.find();
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(walk(*source, 0x8000, 0x8001), std::vector<std::int64_t>{0x8000});
}

TEST(MemMap, UnmappedPartsOfTheMemmapAreHoles) {
  ToyKernel::Options options;
  options.small_memmap_pages = true;
  Numbered numbered(options);
  // 64 struct pages lose their mapping, 64 their memory.
  const PhysAddr nowhere(0x900000000ULL);
  numbered.kernel.map(numbered.kernel.struct_page(0x8040), nowhere, 1);
  numbered.kernel.memory().set_unreadable(numbered.kernel.struct_page_phys(0x80c0));
  const auto source = numbered.find();
  ASSERT_TRUE(source);
  const auto numbers = walk(*source, 0x8000, 0x8140);
  ASSERT_EQ(numbers.size(), 0x140U);
  for (std::uint64_t i = 0; i < numbers.size(); ++i) {
    const bool hole = (i >= 0x40 && i < 0x80) || (i >= 0xc0 && i < 0x100);
    EXPECT_EQ(numbers[i], hole ? -1 : static_cast<std::int64_t>(0x8000 + i)) << i;
  }
}

TEST(MemMap, OneDamagedSectionIsAHoleAndNoMore) {
  ToyKernel::Options options;
  options.memory = {{0x1000, 0x9fc00}, {0x100000, 0x28000000}};
  const std::uint64_t good = ToyKernel(options).section_word(1);
  struct Row {
    const char* name;
    std::uint64_t word;
  };
  const std::vector<Row> table = {{"absent", 0},
                                  {"not present", good & ~1ULL},
                                  {"user address", 0x1000 | 1U},
                                  {"other base", (good + 0x40000000) | 1U},
                                  {"all ones", ~0ULL}};
  for (const Row& row : table) {
    Numbered numbered(options);
    numbered.kernel.set_section_word(2, row.word);
    const auto source = numbered.find();
    ASSERT_TRUE(source) << row.name << ": " << source.error().message;
    EXPECT_EQ(walk(*source, 0x8000, 0x8002), (std::vector<std::int64_t>{0x8000, 0x8001}))
        << row.name;
    const auto lost = walk(*source, 0x10000, 0x10002);
    EXPECT_EQ(lost, (std::vector<std::int64_t>{-1, -1})) << row.name;
    EXPECT_EQ(walk(*source, 0x18000, 0x18001), std::vector<std::int64_t>{0}) << row.name;
  }
}

TEST(MemMap, NewFlagBitsInTheSectionWordDoNotMoveTheMemmap) {
  Numbered numbered{ToyKernel::Options{}};
  for (std::uint64_t section = 0; section < 2; ++section) {
    numbered.kernel.set_section_word(section, numbered.kernel.section_word(section) | 0xfff);
  }
  const auto source = numbered.find();
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(walk(*source, 0x8000, 0x8001), std::vector<std::int64_t>{0x8000});
}

TEST(MemMap, IsNotFoundInAKernelWithoutSections) {
  Numbered numbered{ToyKernel::Options{}};
  numbered.kernel.set_key("SYMBOL(mem_section)", std::nullopt);
  numbered.kernel.set_key("SYMBOL(mem_map)", "ffffffff82000000");
  const auto source = numbered.find();
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, HasSubstr("CONFIG_FLATMEM"));
}

TEST(MemMap, SaysWhyThereIsNone) {
  struct Row {
    const char* key;
    std::optional<std::string> value;
    const char* message;
  };
  const std::vector<Row> table = {
      {"SYMBOL(mem_section)", std::nullopt, "SYMBOL(mem_section)"},
      {"NUMBER(SECTION_SIZE_BITS)", std::nullopt, "SECTION_SIZE_BITS"},
      {"NUMBER(SECTION_SIZE_BITS)", "12", "SECTION_SIZE_BITS"},
      {"NUMBER(SECTION_SIZE_BITS)", "64", "SECTION_SIZE_BITS"},
      {"NUMBER(MAX_PHYSMEM_BITS)", "20", "MAX_PHYSMEM_BITS"},
      {"NUMBER(MAX_PHYSMEM_BITS)", "99", "MAX_PHYSMEM_BITS"},
      {"SIZE(mem_section)", "0", "SIZE(mem_section)"},
      {"SIZE(mem_section)", "18446744073709551615", "SIZE(mem_section)"},
      {"OFFSET(mem_section.section_mem_map)", "4096", "OFFSET(mem_section.section_mem_map)"},
      {"SYMBOL(mem_section)", "0", "describes none of the memory"},
      {"SYMBOL(mem_section)", "ffff888000003000", "describes none of the memory"},
      {"SYMBOL(mem_section)", "ffffffffffffffff", "describes none of the memory"},
      {"SIZE(page)", "1", "SIZE(page)"},
  };
  for (const Row& row : table) {
    Numbered numbered{ToyKernel::Options{}};
    numbered.kernel.set_key(row.key, row.value);
    const auto source = numbered.find();
    ASSERT_FALSE(source) << row.key;
    EXPECT_THAT(source.error().message, HasSubstr(row.message));
  }
}

}  // namespace
}  // namespace kdump::capture
