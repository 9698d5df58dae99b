// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/memory_bitmap.h"

#include <cstring>

namespace kdump::capture {
namespace {

constexpr std::size_t kPlainItems = sizeof(BlockBits) / sizeof(std::uint16_t);
// A run of all pages fits, since there are 32768.
static_assert(BlockBits::kPages <= UINT16_MAX);

}  // namespace

Status MemoryBitmap::store(std::uint64_t block, const BlockBits& bits) {
  std::vector<std::uint16_t> items;
  for (std::uint64_t page = 0; page < BlockBits::kPages && items.size() < kPlainItems;) {
    const std::uint64_t set = bits.next_set(page);
    if (set == BlockBits::kPages) break;
    const std::uint64_t clear = bits.next_clear(set);
    items.push_back(static_cast<std::uint16_t>(set - page));
    items.push_back(static_cast<std::uint16_t>(clear - set));
    page = clear;
  }
  if (items.size() >= kPlainItems) {
    items.resize(kPlainItems);
    std::memcpy(items.data(), bits.bytes().data(), sizeof(BlockBits));
  }
  items.shrink_to_fit();
  const std::lock_guard lock(mutex_);
  blocks_[block] = std::move(items);
  return {};
}

Result<BlockBits> MemoryBitmap::load(std::uint64_t block) const {
  const std::lock_guard lock(mutex_);
  BlockBits bits;
  const auto found = blocks_.find(block);
  if (found == blocks_.end()) return bits;
  const std::vector<std::uint16_t>& items = found->second;
  if (items.size() == kPlainItems) {
    std::memcpy(bits.writable_bytes().data(), items.data(), sizeof(BlockBits));
    return bits;
  }
  std::uint64_t page = 0;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    page += items[i];
    bits.set(page, page + items[i + 1]);
    page += items[i + 1];
  }
  return bits;
}

}  // namespace kdump::capture
