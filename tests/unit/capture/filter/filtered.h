// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/filter/block_filter.h"
#include "capture/filter/page_bitmap.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <cstdint>
#include <map>
#include <set>

namespace kdump::capture::test {

/// Bitmap blocks in memory.
class MemoryStore final : public BlockStore {
 public:
  Status store(std::uint64_t block, const BlockBits& bits) override;
  Result<BlockBits> load(std::uint64_t block) const override;

 private:
  std::map<std::uint64_t, BlockBits> blocks_;
};

using Pages = std::set<std::uint64_t>;

[[nodiscard]] Pages run_of(std::uint64_t first, std::uint64_t count);

struct Filtered {
  Pages excluded;
  FilterCounts counts;
  std::uint64_t dumped = 0;
};

/// Selects pages of a toy kernel through the whole filter, in one thread or more.
[[nodiscard]] Filtered filter(ToyKernel& kernel, DumpLevel level, unsigned threads = 1);
/// The same of any image and VMCOREINFO.
[[nodiscard]] Filtered filter(const MemoryImage& image,
                              const Vmcoreinfo& info,
                              DumpLevel level,
                              unsigned threads = 1);

}  // namespace kdump::capture::test
