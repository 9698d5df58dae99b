// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>

namespace kdump::capture {

/// What the crashed kernel's own counters say about some kind of pages.
struct FreePageCount {
  /// Sum over all zones; unaccepted memory counts as free.
  std::uint64_t pages = 0;
  std::uint64_t zones = 0;  ///< with memory or without
};

/// The same for the pages on the LRU lists, by the counters from NR_ZONE_INACTIVE_ANON to
/// NR_ZONE_UNEVICTABLE (include/linux/mmzone.h: zone_stat_item).
Result<FreePageCount> count_lru_pages(const Vmcoreinfo& info, const KernelMemory& memory);

/// Each zone's counter lags behind by at most this many pages for each CPU (mm/vmstat.c:
/// calculate_normal_threshold).
inline constexpr std::uint64_t kCounterLag = 125;

/// Adds up zone.vm_stat[NR_FREE_PAGES] over the zones of all nodes. An error says what is missing
/// or cannot be read.
Result<FreePageCount> count_free_pages(const Vmcoreinfo& info, const KernelMemory& memory);

}  // namespace kdump::capture
