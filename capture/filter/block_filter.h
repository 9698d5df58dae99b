// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "capture/filter/block_bits.h"
#include "capture/filter/page_class.h"
#include "capture/kernel/mem_map.h"
#include "capture/kernel/page_layout.h"

#include <array>
#include <cstdint>
#include <vector>

namespace kdump::capture {

/// What the filter found; sums over blocks.
struct FilterCounts {
  /// Pages left out, by class; kKept is not used.
  std::array<std::uint64_t, kPageClasses> excluded{};
  std::uint64_t without_struct_page = 0;  ///< kept: their struct page is absent or unreadable
  std::uint64_t doubtful = 0;             ///< compound pages kept because their ends contradict
  std::uint64_t faults = 0;               ///< pieces of the memmap that could not be touched
  std::uint64_t hugetlb = 0;              ///< of excluded[kUser]
  std::uint64_t per_cpu_free = 0;         ///< of excluded[kFree]: on lists of processors
  std::uint64_t free_blocks = 0;          ///< in excluded[kFree] and [kUnaccepted]
  std::uint64_t wild_blocks = 0;          ///< kept: free blocks whose order makes no sense
  /// Pages kept because it is known what they hold, by the class that their struct pages have.
  std::array<std::uint64_t, kPageClasses> known{};
  /// Those of them where the struct page must have been misread.
  std::array<std::uint64_t, kPageClasses> contradicted{};

  FilterCounts& operator+=(const FilterCounts& other);
  [[nodiscard]] std::uint64_t excluded_pages() const;
};

/// One thread's filter: clears the pages of one block that are left out. Blocks are independent of
/// each other; a compound page that begins in an earlier block is found from its tail.
class BlockFilter {
 public:
  /// `known`, `certain`: pages that stay in unless they failed or are offline (KnownPages); they
  /// must outlive this.
  BlockFilter(const PageLayout& layout,
              DumpLevel level,
              MemMap mem_map,
              const RangeSet& known,
              const RangeSet& certain);

  /// `bits`: on entry the pages of the block that exist, on return those that are dumped.
  FilterCounts run(Pfn block_start, BlockBits& bits);

 private:
  /// Why looking at a run ended.
  enum class Stop {
    kDone,  ///< `next_` is the page to go on with
    kFar,   ///< deciding about `next_` takes struct pages outside the run
  };

  bool walk(MemMap::RunSize size);
  void pass_over(const PageRun& run);
  Stop look_at(const PageRun& run);
  void look_back();
  void decide_far(Pfn pfn);
  [[nodiscard]] bool ends_agree(const std::byte* next, const std::byte* last) const;
  void exclude(Pfn begin, std::uint64_t count, const PageVerdict& verdict);
  void exclude(Pfn begin, std::uint64_t count, PageClass page_class);
  void exclude_around(const Range& frames, PageClass page_class);

  PageLayout layout_;
  PageClassifier classifier_;
  MemMap mem_map_;
  const RangeSet& known_;
  const RangeSet& certain_;
  bool has_known_ = false;  ///< in the block at work
  // Copies of single struct pages, for what lies outside a run.
  std::vector<std::byte> head_copy_;
  std::vector<std::byte> next_copy_;
  std::vector<std::byte> last_copy_;
  // The block at work.
  Pfn start_;
  Pfn next_;
  BlockBits bits_;
  FilterCounts counts_;
};

}  // namespace kdump::capture
