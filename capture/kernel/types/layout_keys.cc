// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/types/layout_keys.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace kdump::capture {
namespace {

struct Member {
  std::string_view type;
  std::string_view member;
};

struct Enumerator {
  /// How the number of the key comes from that of the enumerator.
  enum class As {
    kItself,
    kMask,         ///< bit number -> mask
    kTopByte,      ///< 6.12 (4ffca5a96678): a page type is the top byte of a 32-bit word
    kClearedBits,  ///< 6.11 (8db00ad56461): a page type is a word with these bits cleared
  };
  std::string_view key;
  std::string_view type;
  std::string_view name;
  As as = As::kItself;
};

using As = Enumerator::As;

constexpr std::string_view kSizes[] = {
    "page",
    "mem_section",
    "pglist_data",
    "zone",
    "free_area",
    "list_head",
    "nodemask_t",
    "per_cpu_pages",
    "atomic_long_t",
    "printk_ringbuffer",
    "prb_desc_ring",
    "prb_desc",
    "printk_info",
    "prb_data_blk_lpos",
    "prb_data_ring",
    "latched_seq",
    "printk_log",
    "task_struct",
};

constexpr Member kOffsets[] = {
    {"page", "flags"},
    {"page", "_refcount"},
    {"page", "mapping"},
    {"page", "lru"},
    {"page", "pcp_list"},
    {"page", "_mapcount"},
    {"page", "private"},
    {"page", "compound_head"},
    {"page", "compound_info"},
    {"page", "compound_order"},
    {"page", "compound_dtor"},
    {"folio", "_folio_order"},
    {"folio", "_folio_dtor"},
    {"mem_section", "section_mem_map"},
    {"pglist_data", "node_zones"},
    {"pglist_data", "nr_zones"},
    {"pglist_data", "node_mem_map"},
    {"pglist_data", "node_start_pfn"},
    {"pglist_data", "node_spanned_pages"},
    {"pglist_data", "node_id"},
    {"zone", "free_area"},
    {"zone", "vm_stat"},
    {"zone", "spanned_pages"},
    {"zone", "per_cpu_pageset"},
    {"zone", "pageset"},
    {"per_cpu_pageset", "pcp"},
    {"per_cpu_pages", "count"},
    {"per_cpu_pages", "lists"},
    {"free_area", "free_list"},
    {"list_head", "next"},
    {"list_head", "prev"},
    {"uts_namespace", "name"},
    {"atomic_long_t", "counter"},
    {"latched_seq", "val"},
    {"printk_ringbuffer", "desc_ring"},
    {"printk_ringbuffer", "text_data_ring"},
    {"printk_ringbuffer", "fail"},
    {"prb_desc_ring", "count_bits"},
    {"prb_desc_ring", "descs"},
    {"prb_desc_ring", "infos"},
    {"prb_desc_ring", "head_id"},
    {"prb_desc_ring", "tail_id"},
    {"prb_desc", "state_var"},
    {"prb_desc", "text_blk_lpos"},
    {"prb_data_blk_lpos", "begin"},
    {"prb_data_blk_lpos", "next"},
    {"printk_info", "seq"},
    {"printk_info", "ts_nsec"},
    {"printk_info", "text_len"},
    {"printk_info", "caller_id"},
    {"prb_data_ring", "size_bits"},
    {"prb_data_ring", "data"},
    {"printk_log", "ts_nsec"},
    {"printk_log", "len"},
    {"printk_log", "text_len"},
    {"printk_log", "dict_len"},
    {"task_struct", "tasks"},
    {"task_struct", "stack"},
    {"task_struct", "signal"},
    {"task_struct", "thread_node"},
    {"signal_struct", "thread_head"},
};

constexpr Member kLengths[] = {
    {"zone", "free_area"},
    {"free_area", "free_list"},
    {"per_cpu_pages", "lists"},
};

constexpr Enumerator kNumbers[] = {
    {"NR_FREE_PAGES", "zone_stat_item", "NR_FREE_PAGES"},
    {"NR_ZONE_INACTIVE_ANON", "zone_stat_item", "NR_ZONE_INACTIVE_ANON"},
    {"NR_ZONE_UNEVICTABLE", "zone_stat_item", "NR_ZONE_UNEVICTABLE"},
    {"PG_lru", "pageflags", "PG_lru"},
    {"PG_private", "pageflags", "PG_private"},
    {"PG_swapcache", "pageflags", "PG_swapcache"},
    {"PG_swapbacked", "pageflags", "PG_swapbacked"},
    {"PG_slab", "pageflags", "PG_slab"},
    {"PG_hwpoison", "pageflags", "PG_hwpoison"},
    {"PG_hugetlb", "pageflags", "PG_hugetlb"},
    {"PG_head_mask", "pageflags", "PG_head", As::kMask},
    {"HUGETLB_PAGE_DTOR", "compound_dtor_id", "HUGETLB_PAGE_DTOR"},
    {"PAGE_BUDDY_MAPCOUNT_VALUE", "pagetype", "PGTY_buddy", As::kTopByte},
    {"PAGE_BUDDY_MAPCOUNT_VALUE", "pagetype", "PG_buddy", As::kClearedBits},
    {"PAGE_OFFLINE_MAPCOUNT_VALUE", "pagetype", "PGTY_offline", As::kTopByte},
    {"PAGE_OFFLINE_MAPCOUNT_VALUE", "pagetype", "PG_offline", As::kClearedBits},
    {"PAGE_SLAB_MAPCOUNT_VALUE", "pagetype", "PGTY_slab", As::kTopByte},
    {"PAGE_SLAB_MAPCOUNT_VALUE", "pagetype", "PG_slab", As::kClearedBits},
    {"PAGE_HUGETLB_MAPCOUNT_VALUE", "pagetype", "PGTY_hugetlb", As::kTopByte},
    {"PAGE_HUGETLB_MAPCOUNT_VALUE", "pagetype", "PG_hugetlb", As::kClearedBits},
    {"PAGE_UNACCEPTED_MAPCOUNT_VALUE", "pagetype", "PGTY_unaccepted", As::kTopByte},
};

constexpr std::string_view kSymbols[] = {
    "_stext",
    "_text",
    "_end",
    "_etext",
    "__start_rodata",
    "__end_rodata",
    "_sdata",
    "_edata",
    "__bss_start",
    "__bss_stop",
    "__start_bss_decrypted_unused",
    "__end_bss_decrypted",
    "init_task",
    "__start_init_stack",
    "__end_init_stack",
    "init_uts_ns",
    "linux_banner",
    "swapper_pg_dir",
    "init_top_pgt",
    "mem_section",
    "mem_map",
    "contig_page_data",
    "node_data",
    "node_online_map",
    "prb",
    "clear_seq",
    "log_buf",
    "log_buf_len",
    "log_first_idx",
    "log_next_idx",
    "clear_idx",
    "vmemmap_base",
    "page_offset_base",
    "__per_cpu_offset",
    "arch_task_struct_size",
    "nr_cpu_ids",
    "__per_cpu_start",
    "__per_cpu_end",
    "crash_notes",
};

std::int64_t number_of(std::uint64_t value, As as) {
  switch (as) {
    case As::kMask:
      return static_cast<std::int64_t>(std::uint64_t{1} << (value & 63U));
    case As::kTopByte:
      return static_cast<std::int32_t>(static_cast<std::uint32_t>(value) << 24U);
    case As::kClearedBits:
      return static_cast<std::int32_t>(~static_cast<std::uint32_t>(value));
    case As::kItself:
      break;
  }
  return static_cast<std::int64_t>(value);
}

std::string type_keys(const TypeSource& types) {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const std::string_view type : kSizes) {
    if (const auto size = types.size(type)) fmt::format_to(out, "SIZE({})={}\n", type, *size);
  }
  for (const Member& row : kOffsets) {
    const auto offset = types.offset(row.type, row.member);
    if (offset) fmt::format_to(out, "OFFSET({}.{})={}\n", row.type, row.member, *offset);
  }
  for (const Member& row : kLengths) {
    const auto length = types.length(row.type, row.member);
    if (length) fmt::format_to(out, "LENGTH({}.{})={}\n", row.type, row.member, *length);
  }
  for (const Enumerator& row : kNumbers) {
    const auto value = types.enumerator(row.type, row.name);
    if (value) fmt::format_to(out, "NUMBER({})={}\n", row.key, number_of(*value, row.as));
  }
  return text;
}

}  // namespace

std::string layout_keys(const TypeSource* types, const SymbolSource* symbols) {
  std::string text;
  if (types != nullptr) text += type_keys(*types);
  if (symbols == nullptr) return text;
  for (const std::string_view name : kSymbols) {
    const auto address = symbols->address(name);
    if (address) text += fmt::format("SYMBOL({})={:x}\n", name, address->value());
  }
  return text;
}

std::vector<std::string_view> layout_type_names() {
  std::vector<std::string_view> names(std::begin(kSizes), std::end(kSizes));
  for (const Member& row : kOffsets) names.insert(names.end(), {row.type, row.member});
  for (const Member& row : kLengths) names.insert(names.end(), {row.type, row.member});
  for (const Enumerator& row : kNumbers) names.insert(names.end(), {row.type, row.name});
  return names;
}

std::vector<std::string_view> layout_symbol_names() {
  return {std::begin(kSymbols), std::end(kSymbols)};
}

}  // namespace kdump::capture
