// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/filter/page_bitmap.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace kdump::capture {

/// The second bitmap in memory, for outputs that cannot be read back: each block as the lengths of
/// its runs, 4 bytes a run of dumped pages. That is some KiB for what a level-31 dump keeps of 1
/// TiB, and no more than the bitmap itself (32 MiB) at the worst.
class MemoryBitmap final : public BlockStore {
 public:
  Status store(std::uint64_t block, const BlockBits& bits) override;
  Result<BlockBits> load(std::uint64_t block) const override;

 private:
  mutable std::mutex mutex_;
  /// Lengths by turns, clear first; or the words themselves where these are shorter.
  std::map<std::uint64_t, std::vector<std::uint16_t>> blocks_;
};

}  // namespace kdump::capture
