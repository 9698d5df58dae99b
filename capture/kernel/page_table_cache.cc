// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/page_table_cache.h"

#include <algorithm>

namespace kdump::capture {

PageTableCache::PageTableCache(const MemoryImage& image, std::size_t table_size)
    : image_(image), entry_count_(table_size / sizeof(std::uint64_t)) {}

Result<std::uint64_t> PageTableCache::entry(PhysAddr table, std::uint64_t index) {
  const auto at = static_cast<std::size_t>(index % entry_count_);
  ++clock_;
  for (Slot& slot : slots_) {
    if (slot.filled && slot.table == table) {
      slot.last_use = clock_;
      return slot.entries[at];
    }
  }
  Slot& slot = *std::min_element(slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) {
    return a.last_use < b.last_use;
  });
  slot.filled = false;
  slot.entries.resize(entry_count_);
  TRY(image_.read(table, std::as_writable_bytes(std::span(slot.entries))));
  slot.filled = true;
  slot.table = table;
  slot.last_use = clock_;
  return slot.entries[at];
}

}  // namespace kdump::capture
