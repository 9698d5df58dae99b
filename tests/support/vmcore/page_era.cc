// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/page_era.h"

#include <cstdlib>

namespace kdump::capture::test {
namespace {

using Order = PageEra::Order;
using Hugetlb = PageEra::Hugetlb;
using Tail = PageEra::Tail;

PageEra kernel_5_10() {
  PageEra era;
  era.name = "5.10";
  era.sample = "x86_64-debian-5.10";
  era.lru = 4;
  era.private_bit = 13;
  era.swap_cache = 10;
  era.swap_backed = 19;
  era.head = 16;
  era.slab_bit = 9;
  era.buddy = ~0x80U;
  era.offline = ~0x100U;
  era.order = Order::kByteOfSecond;
  era.order_offset = 17;
  era.hugetlb = Hugetlb::kDestructor;
  era.hugetlb_detail = 16;
  era.destructor = 2;
  return era;
}

PageEra rhel_8() {
  PageEra era = kernel_5_10();
  era.name = "4.18";
  // No offline pages yet, and memory failure handling is on.
  era.hw_poison = 22;
  era.edits = {{"OSRELEASE", "4.18.0-553.el8.x86_64"},
               {"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", std::nullopt},
               {"NUMBER(PG_hwpoison)", "22"}};
  era.offline = 0;
  return era;
}

PageEra kernel_6_1() {
  PageEra era = kernel_5_10();
  era.name = "6.1";
  era.sample = "x86_64-debian-6.1";
  return era;
}

PageEra kernel_6_3() {
  PageEra era = kernel_6_1();
  era.name = "6.3";
  era.edits = {{"OSRELEASE", "6.3.0-toy"},
               {"OFFSET(page.compound_dtor)", std::nullopt},
               {"OFFSET(page.compound_order)", std::nullopt},
               {"OFFSET(folio._folio_dtor)", "80"},
               {"OFFSET(folio._folio_order)", "81"}};
  return era;
}

PageEra kernel_6_6() {
  PageEra era = kernel_6_1();
  era.name = "6.6";
  era.order = Order::kFlagsOfSecond;
  era.hugetlb = Hugetlb::kFlagOfSecond;
  era.hugetlb_detail = 8;
  era.lru = 5;
  era.private_bit = 14;
  era.head = 6;
  era.swap_backed = 18;
  era.hw_poison = 21;
  era.edits = {{"OSRELEASE", "6.6.0-toy"},
               {"OFFSET(page.compound_dtor)", std::nullopt},
               {"OFFSET(page.compound_order)", std::nullopt},
               {"NUMBER(HUGETLB_PAGE_DTOR)", std::nullopt},
               {"NUMBER(PG_hugetlb)", "8"},
               {"NUMBER(PG_lru)", "5"},
               {"NUMBER(PG_private)", "14"},
               {"NUMBER(PG_head_mask)", "64"},
               {"NUMBER(PG_swapbacked)", "18"},
               {"NUMBER(PG_hwpoison)", "21"}};
  return era;
}

PageEra kernel_6_10() {
  PageEra era = kernel_6_6();
  era.name = "6.10";
  era.hugetlb = Hugetlb::kPageType;
  era.hugetlb_type = ~0x800U;
  era.slab_bit.reset();
  era.slab_type = ~0x1000U;
  era.edits.push_back({"OSRELEASE", "6.10.0-toy"});
  era.edits.push_back({"NUMBER(PG_hugetlb)", std::nullopt});
  era.edits.push_back({"NUMBER(PG_slab)", std::nullopt});
  era.edits.push_back({"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)", "-2049"});
  era.edits.push_back({"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", "-4097"});
  return era;
}

PageEra kernel_6_11() {
  PageEra era = kernel_6_10();
  era.name = "6.11";
  era.buddy = ~0x40000000U;
  era.offline = ~0x20000000U;
  era.hugetlb_type = ~0x04000000U;
  era.slab_type = ~0x02000000U;
  era.edits.push_back({"OSRELEASE", "6.11.0-toy"});
  era.edits.push_back({"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", "-1073741825"});
  era.edits.push_back({"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", "-536870913"});
  era.edits.push_back({"NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)", "-67108865"});
  era.edits.push_back({"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", "-33554433"});
  return era;
}

PageEra kernel_6_12() {
  PageEra era = kernel_6_11();
  era.name = "6.12";
  era.sample = "x86_64-debian-6.12";
  era.edits.clear();
  era.swap_backed = 17;
  era.hw_poison = 20;
  era.buddy = 0xf0000000U;
  era.offline = 0xf1000000U;
  era.hugetlb_type = 0xf4000000U;
  era.slab_type = 0xf5000000U;
  return era;
}

PageEra kernel_7_2() {
  PageEra era = kernel_6_12();
  era.name = "7.2";
  era.sample = "x86_64-debian-7.2";
  era.hw_poison = 21;
  era.unaccepted = 0xf7000000U;
  era.tail = Tail::kMask;
  return era;
}

}  // namespace

const std::vector<PageEra>& page_eras() {
  static const std::vector<PageEra> eras = {rhel_8(),
                                            kernel_5_10(),
                                            kernel_6_1(),
                                            kernel_6_3(),
                                            kernel_6_6(),
                                            kernel_6_10(),
                                            kernel_6_11(),
                                            kernel_6_12(),
                                            kernel_7_2()};
  return eras;
}

const PageEra& page_era(const std::string& name) {
  for (const PageEra& era : page_eras()) {
    if (era.name == name) return era;
  }
  std::abort();
}

}  // namespace kdump::capture::test
