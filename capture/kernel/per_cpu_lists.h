// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"
#include "capture/kernel/page_layout.h"
#include "capture/kernel/sparse_memory.h"
#include "capture/vmcore/memory_image.h"
#include "capture/vmcore/vmcoreinfo.h"

namespace kdump::capture {

/// Page frames on the processors' own lists of free pages (mm/page_alloc.c: struct per_cpu_pages),
/// from which allocations are served first. Their struct pages carry no mark, so that they can be
/// found by these lists only.
///
/// A processor's lists are believed when each leads back to its head, both ways, all of their pages
/// look unused, and they have as many as its counter says; a processor that stopped in the middle
/// of a change has none here. Nor has any without a virtual memmap, or without the offsets, which
/// come from the kernel's BTF as a rule: zone.per_cpu_pageset, per_cpu_pages.count and .lists. At
/// most kMaxListedBlocks blocks of pages are looked at, an equal share for each processor.
/// Processors are shared out among `threads` threads.
inline constexpr std::size_t kMaxListedBlocks = std::size_t{1} << 18U;
[[nodiscard]] Result<RangeSet> find_per_cpu_free(const MemoryImage& image,
                                                 const Vmcoreinfo& info,
                                                 PageShift shift,
                                                 const PageLayout& layout,
                                                 const SparseMemory& sparse,
                                                 unsigned threads);

}  // namespace kdump::capture
