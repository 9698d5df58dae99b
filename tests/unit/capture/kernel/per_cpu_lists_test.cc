// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/per_cpu_lists.h"

#include "capture/filter/page_bitmap.h"
#include "capture/kernel/memmap_source.h"
#include "tests/support/vmcore/toy_kernel.h"
#include "tests/support/vmcore/toy_per_cpu_lists.h"

#include <gmock/gmock.h>

#include <string>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using test::ToyPerCpuLists;

class PerCpuLists : public ::testing::Test {
 protected:
  void set(const std::string& key, std::optional<std::string> value) {
    kernel_.set_key(key, std::move(value));
  }
  static ToyKernel& finished(ToyKernel& kernel) {
    kernel.finish();
    return kernel;
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

  ToyKernel kernel_;
  test::ToyPerCpuLists lists_{finished(kernel_)};
  Vmcoreinfo info_;
  const std::vector<Range> second_ = {{0x9300, 0x9302}};
};

TEST_F(PerCpuLists, HaveFreePagesOfAllOrders) {
  EXPECT_THAT(find(), ::testing::IsEmpty());
  lists_.fill();
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
  lists_.fill();
  lists_.count(0, 2 + 1 + 8 + 512 + 1);
  EXPECT_EQ(find(), second_) << "one page too few";
  lists_.count(0, 2 + 1 + 8 + 511);
  EXPECT_EQ(find(), second_) << "one too many";

  lists_.fill();
  kernel_.put32(0x9102, ToyPerCpuLists::kRefcount, 1);
  EXPECT_EQ(find(), second_) << "a page in use";
  lists_.fill();
  kernel_.put32(0x9102, ToyKernel::kMapcount, 0);
  EXPECT_EQ(find(), second_) << "a page that is mapped";
  lists_.fill();
  kernel_.put64(0x9102, ToyPerCpuLists::kPrevious, 0);
  EXPECT_EQ(find(), second_) << "a link that does not lead back";
  lists_.fill();
  lists_.put(kernel_.struct_page(0x9100) + ToyPerCpuLists::kNext,
             kernel_.struct_page(0x9100).value() + ToyPerCpuLists::kNext);
  EXPECT_EQ(find(), second_) << "a list without end";
  lists_.fill();
  lists_.put(kernel_.struct_page(0x9100) + ToyPerCpuLists::kNext, 0x1234);
  EXPECT_EQ(find(), second_) << "a wild pointer";
  lists_.fill();
  lists_.link(lists_.head(0, 9), {0x9209});
  EXPECT_EQ(find(), second_) << "a block that is not aligned";
}

TEST_F(PerCpuLists, AreNotLookedForWithoutTheirOffsets) {
  lists_.fill();
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
