// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/page_table_cache.h"

#include <algorithm>

namespace kdump::capture {

Result<std::uint64_t> PageTableCache::entry(PhysAddr table, std::uint64_t index) {
  // Tables that are smaller than a piece (roots) begin somewhere in a page: pieces count from the
  // table's own start, so that an entry never lies across two of them.
  const PhysAddr start = table + index / kEntries * kEntries * sizeof(std::uint64_t);
  const auto at = static_cast<std::size_t>(index % kEntries);
  ++clock_;
  for (Slot& slot : slots_) {
    if (slot.filled && slot.start == start) {
      slot.last_use = clock_;
      return slot.entries[at];
    }
  }
  Slot& slot = *std::min_element(slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) {
    return a.last_use < b.last_use;
  });
  slot.filled = false;
  slot.entries.resize(kEntries);
  TRY(image_.read(start, std::as_writable_bytes(std::span(slot.entries))));
  slot.filled = true;
  slot.start = start;
  slot.last_use = clock_;
  return slot.entries[at];
}

}  // namespace kdump::capture
