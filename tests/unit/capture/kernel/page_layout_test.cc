// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/page_layout.h"

#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using test::PageEra;
using test::ToyKernel;
using ::testing::HasSubstr;

Result<PageLayout> layout_of(ToyKernel& kernel) {
  return resolve_page_layout(Vmcoreinfo(kernel.vmcoreinfo()));
}

ToyKernel toy(const std::string& era) {
  ToyKernel::Options options;
  options.era = era;
  return ToyKernel(options);
}

TEST(PageLayout, IsUnderstoodForEveryEra) {
  for (const PageEra& era : test::page_eras()) {
    ToyKernel kernel = toy(era.name);
    const auto layout = layout_of(kernel);
    ASSERT_TRUE(layout) << era.name << ": " << layout.error().message;
    EXPECT_EQ(layout->size, 64U);
    EXPECT_EQ(layout->flags, ToyKernel::kFlags);
    EXPECT_EQ(layout->compound_head, ToyKernel::kCompoundHead);
    EXPECT_EQ(layout->mapping, ToyKernel::kMapping);
    EXPECT_EQ(layout->private_data, ToyKernel::kPrivate);
    EXPECT_EQ(layout->mapcount, ToyKernel::kMapcount);
    EXPECT_EQ(layout->lru, 1ULL << era.lru) << era.name;
    EXPECT_EQ(layout->head, 1ULL << era.head) << era.name;
    EXPECT_EQ(layout->slab_flag.has_value(), era.slab_bit.has_value()) << era.name;
    EXPECT_EQ(layout->slab_type, era.slab_type) << era.name;
    EXPECT_EQ(layout->buddy_type, era.buddy) << era.name;
    EXPECT_EQ(layout->unaccepted_type, era.unaccepted) << era.name;
    EXPECT_EQ(layout->hw_poison.has_value(), era.hw_poison.has_value()) << era.name;
    EXPECT_EQ(layout->free_orders, 11U);
    ASSERT_TRUE(layout->order) << era.name;
    ASSERT_TRUE(layout->hugetlb) << era.name;
  }
}

TEST(PageLayout, ReadsTheOrderWhereTheEraKeepsIt) {
  struct Row {
    const char* era;
    std::uint32_t order_offset;
    HugetlbMark::Kind kind;
  };
  const std::vector<Row> table = {{"5.10", 17, HugetlbMark::Kind::kDestructor},
                                  {"6.3", 81 - 64, HugetlbMark::Kind::kDestructor},
                                  {"6.6", 0, HugetlbMark::Kind::kSecondFlag},
                                  {"6.10", 0, HugetlbMark::Kind::kPageType},
                                  {"7.2", 0, HugetlbMark::Kind::kPageType}};
  for (const Row& row : table) {
    ToyKernel kernel = toy(row.era);
    const auto layout = layout_of(kernel);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->order->offset, row.order_offset) << row.era;
    EXPECT_EQ(layout->hugetlb->kind, row.kind) << row.era;
  }
}

TEST(PageLayout, NamesTheKeyItCannotDoWithout) {
  for (const char* key : {"SIZE(page)",
                          "OFFSET(page.flags)",
                          "OFFSET(page._mapcount)",
                          "OFFSET(page.mapping)",
                          "OFFSET(page.private)",
                          "OFFSET(page.compound_head)",
                          "NUMBER(PG_lru)",
                          "NUMBER(PG_private)",
                          "NUMBER(PG_swapcache)",
                          "NUMBER(PG_slab)"}) {
    ToyKernel kernel = toy("6.1");
    kernel.set_key(key, std::nullopt);
    const auto layout = layout_of(kernel);
    ASSERT_FALSE(layout) << key;
    EXPECT_EQ(layout.error().kind, ErrorKind::kNotFound);
    EXPECT_THAT(layout.error().message, HasSubstr(key));
  }
}

TEST(PageLayout, RefusesWhatCannotBe) {
  struct Row {
    const char* key;
    const char* value;
  };
  const std::vector<Row> table = {{"SIZE(page)", "0"},
                                  {"SIZE(page)", "100000"},
                                  {"OFFSET(page.flags)", "60"},
                                  {"OFFSET(page._mapcount)", "61"},
                                  {"NUMBER(PG_lru)", "64"},
                                  {"OFFSET(page.private)", "18446744073709551615"},
                                  {"NUMBER(PG_private)", "-1"},
                                  {"LENGTH(zone.free_area)", "0"},
                                  {"LENGTH(zone.free_area)", "64"}};
  for (const Row& row : table) {
    ToyKernel kernel = toy("6.1");
    kernel.set_key(row.key, row.value);
    EXPECT_FALSE(layout_of(kernel)) << row.key << " = " << row.value;
  }
}

TEST(PageLayout, WhatAKernelDoesNotTellStaysUnknown) {
  ToyKernel kernel = toy("6.1");
  for (const char* key : {"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)",
                          "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)",
                          "NUMBER(PG_head_mask)",
                          "NUMBER(PG_swapbacked)",
                          "LENGTH(zone.free_area)",
                          "OFFSET(page.compound_order)",
                          "NUMBER(HUGETLB_PAGE_DTOR)"}) {
    kernel.set_key(key, std::nullopt);
  }
  const auto layout = layout_of(kernel);
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_FALSE(layout->buddy_type);
  EXPECT_FALSE(layout->offline_type);
  EXPECT_FALSE(layout->head);
  EXPECT_FALSE(layout->swap_backed);
  EXPECT_FALSE(layout->order);
  EXPECT_FALSE(layout->hugetlb);
  EXPECT_EQ(layout->free_orders, 11U);
}

}  // namespace
}  // namespace kdump::capture
