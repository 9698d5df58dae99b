// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/per_cpu_lists.h"

#include "capture/filter/page_bitmap.h"
#include "capture/kernel/address_space.h"
#include "capture/kernel/memmap_source.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <string>

namespace kdump::capture {
namespace {

using test::ToyKernel;

constexpr unsigned kNext = 8, kPrevious = 16;  // of page.lru
constexpr unsigned kRefcount = 52;
constexpr unsigned kLists = 16;

class PerCpuLists : public ::testing::Test {
 protected:
  PerCpuLists() {
    kernel_.finish();
    set("LENGTH(per_cpu_pages.lists)", "13");
    set("OFFSET(per_cpu_pages.count)", "0");
    set("OFFSET(per_cpu_pages.lists)", std::to_string(kLists));
    set("OFFSET(page.lru)", std::to_string(kNext));
    set("OFFSET(page._refcount)", std::to_string(kRefcount));
    set("OFFSET(zone.per_cpu_pageset)", "24");
    symbol("nr_cpu_ids", variable(std::uint32_t{2}));
    offsets_ = kernel_.allocate(4096);
    symbol("__per_cpu_offset", kernel_.kernel_image(offsets_));
    for (unsigned cpu = 0; cpu < 2; ++cpu) {
      areas_.push_back(kernel_.allocate(4096));
      kernel_.memory().put(offsets_ + cpu * 8, kernel_.direct_map(areas_[cpu]).value() - kBase);
      for (unsigned list = 0; list < 13; ++list) link(head(cpu, list), {}, list);
    }
    const Vmcoreinfo info(kernel_.vmcoreinfo());
    const KernelMemory memory(kernel_.memory(), *make_address_space(kernel_.memory(), info));
    // The second of the two zones; the first one has no lists.
    const VirtAddr node(*memory.read<std::uint64_t>(*info.symbol("node_data")));
    const VirtAddr zone = node + *info.offset("pglist_data.node_zones") + *info.size("zone");
    kernel_.memory().put(memory.translate(zone + 24)->phys, kBase);
  }

  void set(const std::string& key, std::optional<std::string> value) {
    kernel_.set_key(key, std::move(value));
  }
  void symbol(const char* name, VirtAddr address) {
    set(fmt::format("SYMBOL({})", name), fmt::format("{:x}", address.value()));
  }
  template <typename T>
  VirtAddr variable(T value) {
    const PhysAddr at = kernel_.allocate(4096);
    kernel_.memory().put(at, value);
    return kernel_.kernel_image(at);
  }

  [[nodiscard]] VirtAddr head(unsigned cpu, unsigned list) const {
    return kernel_.direct_map(areas_[cpu]) + kLists + list * 16;
  }
  void put(VirtAddr at, std::uint64_t value) {
    const Vmcoreinfo info(kernel_.vmcoreinfo());
    const KernelMemory memory(kernel_.memory(), *make_address_space(kernel_.memory(), info));
    kernel_.memory().put(memory.translate(at)->phys, value);
  }
  /// A circular list of free pages.
  void link(VirtAddr head, const std::vector<std::uint64_t>& pages, unsigned /*list*/) {
    VirtAddr previous = head;
    for (const std::uint64_t pfn : pages) {
      kernel_.put32(pfn, kRefcount, 0);
      kernel_.put32(pfn, ToyKernel::kMapcount, 0xffffffff);
      const VirtAddr node = kernel_.struct_page(pfn) + kNext;
      put(previous, node.value());
      kernel_.put64(pfn, kPrevious, previous.value());
      previous = node;
    }
    put(previous, head.value());
    put(head + 8, previous.value());
  }
  void count(unsigned cpu, std::uint32_t pages) { kernel_.memory().put(areas_[cpu], pages); }
  /// Of both processors: three pages, one block of eight and a huge page; two pages.
  void fill() {
    link(head(0, 0), {0x9100, 0x9102}, 0);
    link(head(0, 2), {0x9200}, 2);
    link(head(0, 9), {0x9208}, 9);
    link(head(0, 12), {0x9400}, 12);
    count(0, 2 + 1 + 8 + 512);
    link(head(1, 1), {0x9301, 0x9300}, 1);
    count(1, 2);
  }

  std::vector<Range> find() {
    info_ = Vmcoreinfo(kernel_.vmcoreinfo());
    const auto source = MemMapSource::find(kernel_.memory(),
                                           info_,
                                           PageShift{},
                                           touched_pages(kernel_.memory().ranges(), PageShift{}));
    EXPECT_TRUE(source) << source.error().message;
    const auto found = find_per_cpu_free(
        kernel_.memory(), info_, PageShift{}, source->layout(), source->sparse(), 2);
    EXPECT_TRUE(found) << found.error().message;
    return found->ranges();
  }

  static constexpr std::uint64_t kBase = 0x2a000;  // a per-CPU pointer
  ToyKernel kernel_;
  Vmcoreinfo info_;
  PhysAddr offsets_;
  std::vector<PhysAddr> areas_;
  const std::vector<Range> second_ = {{0x9300, 0x9302}};
};

TEST_F(PerCpuLists, HaveFreePagesOfAllOrders) {
  EXPECT_THAT(find(), ::testing::IsEmpty());
  fill();
  EXPECT_THAT(find(),
              ::testing::ElementsAre(Range{0x9100, 0x9101},
                                     Range{0x9102, 0x9103},
                                     Range{0x9200, 0x9201},
                                     Range{0x9208, 0x9210},
                                     Range{0x9300, 0x9302},
                                     Range{0x9400, 0x9600}));
}

// A processor that was stopped in the middle of a change, and damage: its lists are not believed,
// those of the others are.
TEST_F(PerCpuLists, OfAProcessorAreBelievedWhenEverythingFits) {
  fill();
  count(0, 2 + 1 + 8 + 512 + 1);
  EXPECT_EQ(find(), second_) << "one page too few";
  count(0, 2 + 1 + 8 + 511);
  EXPECT_EQ(find(), second_) << "one too many";

  fill();
  kernel_.put32(0x9102, kRefcount, 1);
  EXPECT_EQ(find(), second_) << "a page in use";
  fill();
  kernel_.put32(0x9102, ToyKernel::kMapcount, 0);
  EXPECT_EQ(find(), second_) << "a page that is mapped";
  fill();
  kernel_.put64(0x9102, kPrevious, 0);
  EXPECT_EQ(find(), second_) << "a link that does not lead back";
  fill();
  put(kernel_.struct_page(0x9100) + kNext, kernel_.struct_page(0x9100).value() + kNext);
  EXPECT_EQ(find(), second_) << "a list without end";
  fill();
  put(kernel_.struct_page(0x9100) + kNext, 0x1234);
  EXPECT_EQ(find(), second_) << "a wild pointer";
  fill();
  link(head(0, 9), {0x9209}, 9);
  EXPECT_EQ(find(), second_) << "a block that is not aligned";
}

TEST_F(PerCpuLists, AreNotLookedForWithoutTheirOffsets) {
  fill();
  for (const char* key : {"OFFSET(zone.per_cpu_pageset)",
                          "OFFSET(per_cpu_pages.count)",
                          "OFFSET(per_cpu_pages.lists)",
                          "LENGTH(per_cpu_pages.lists)",
                          "OFFSET(page._refcount)",
                          "SYMBOL(__per_cpu_offset)"}) {
    const std::string text(kernel_.vmcoreinfo());
    const std::size_t at = text.find(std::string(key) + "=");
    ASSERT_NE(at, std::string::npos) << key;
    const std::size_t value = at + std::string(key).size() + 1;
    const std::string old = text.substr(value, text.find('\n', value) - value);
    set(key, std::nullopt);
    EXPECT_THAT(find(), ::testing::IsEmpty()) << key;
    set(key, old);
  }
  EXPECT_FALSE(find().empty());
}

}  // namespace
}  // namespace kdump::capture
