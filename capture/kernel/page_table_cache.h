// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/vmcore/memory_image.h"

#include <array>
#include <cstdint>
#include <vector>

namespace kdump::capture {

/// The pieces of page tables that were looked at last. A walk over a region reads each of them
/// once, whatever number of pages is translated, and whatever the size of tables (64 KiB on some
/// arm64) 16 pieces of 4 KiB are all that is kept.
class PageTableCache {
 public:
  explicit PageTableCache(const MemoryImage& image) : image_(image) {}

  /// The 64-bit entry `index` of the table at `table`.
  Result<std::uint64_t> entry(PhysAddr table, std::uint64_t index);

 private:
  // One slot a level is used in a walk; more keep neighbouring subtrees.
  static constexpr std::size_t kSlots = 16;
  static constexpr std::size_t kEntries = 512;
  struct Slot {
    bool filled = false;
    PhysAddr start;
    std::uint64_t last_use = 0;
    std::vector<std::uint64_t> entries;
  };

  const MemoryImage& image_;
  std::array<Slot, kSlots> slots_;
  std::uint64_t clock_ = 0;
};

}  // namespace kdump::capture
