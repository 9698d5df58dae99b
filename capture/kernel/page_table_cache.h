// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/vmcore/memory_image.h"

#include <array>
#include <cstdint>
#include <vector>

namespace kdump::capture {

/// The page tables walked last. A walk over a region reads each of its tables once, whatever number
/// of pages is translated.
class PageTableCache {
 public:
  /// `table_size`: bytes of a table, a power of two.
  PageTableCache(const MemoryImage& image, std::size_t table_size);

  /// The 64-bit entry `index` of the table at `table`, which is aligned to the table size.
  Result<std::uint64_t> entry(PhysAddr table, std::uint64_t index);

 private:
  // One slot a level is used in a walk; more keep neighbouring subtrees.
  static constexpr std::size_t kSlots = 16;
  struct Slot {
    bool filled = false;
    PhysAddr table;
    std::uint64_t last_use = 0;
    std::vector<std::uint64_t> entries;
  };

  const MemoryImage& image_;
  std::size_t entry_count_;
  std::array<Slot, kSlots> slots_;
  std::uint64_t clock_ = 0;
};

}  // namespace kdump::capture
