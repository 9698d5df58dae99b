// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>
#include <optional>

namespace kdump::capture {

/// Where a compound page's order stands in the struct page behind its head.
struct CompoundOrder {
  std::uint32_t offset = 0;  ///< of the byte, in that struct page
};

/// How a hugetlb head page is told from other compound pages, one of four ways.
struct HugetlbMark {
  enum class Kind {
    kPageType,    ///< the head's _mapcount word has `value` (6.9, d99e3140a4d3)
    kSecondFlag,  ///< bit `value` of the second page's flags (6.6, 9c5ccf2db04b)
    kDestructor,  ///< the byte at `offset` of the second page has `value` (before 6.6)
  };
  Kind kind = Kind::kPageType;
  std::uint32_t offset = 0;
  std::uint32_t value = 0;
};

/// struct page as the crashed kernel lays it out. Everything is decided by VMCOREINFO keys, never
/// by a release string. An absent optional means that this kernel cannot tell the pages in
/// question: they are kept.
struct PageLayout {
  std::uint32_t size = 0;  ///< bytes, SIZE(page)

  std::uint32_t flags = 0;
  std::uint32_t mapcount = 0;  ///< _mapcount, or page_type: one 32-bit word
  std::uint32_t mapping = 0;
  std::uint32_t private_data = 0;  ///< private: order of a buddy block
  /// compound_head, or from 7.1 on compound_info; in both, bit 0 marks a tail page, and the word is
  /// the same for all tails of a compound page.
  std::uint32_t compound_head = 0;

  std::uint64_t lru = 0;                         ///< mask of PG_lru
  std::uint64_t private_flag = 0;                ///< mask of PG_private
  std::uint64_t swap_cache = 0;                  ///< mask of PG_swapcache
  std::optional<std::uint64_t> swap_backed;      ///< mask of PG_swapbacked, needed with the former
                                                 ///< since 4.10 (6326fec1122c)
  std::optional<std::uint64_t> hw_poison;        ///< mask of PG_hwpoison, CONFIG_MEMORY_FAILURE
  std::optional<std::uint64_t> slab_flag;        ///< mask of PG_slab, until 6.9
  std::optional<std::uint32_t> slab_type;        ///< _mapcount of slab pages (6.10, 46df8e73a4a3)
  std::optional<std::uint64_t> head;             ///< PG_head_mask
  std::optional<std::uint32_t> buddy_type;       ///< _mapcount of the head of a free block
  std::optional<std::uint32_t> offline_type;     ///< _mapcount of offline pages (5.1: PG_offline)
  std::optional<std::uint32_t> unaccepted_type;  ///< _mapcount of unaccepted blocks (6.16)
  std::optional<CompoundOrder> order;
  std::optional<HugetlbMark> hugetlb;
  /// Orders of free blocks are below this: LENGTH(zone.free_area).
  std::uint32_t free_orders = 0;
};

/// kNotFound: a key without which no page can be classified is missing or makes no sense; the
/// message names it.
Result<PageLayout> resolve_page_layout(const Vmcoreinfo& info);

}  // namespace kdump::capture
