// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/capture/filter/filtered.h"

#include "capture/filter/page_selection.h"

#include <gtest/gtest.h>

#include <mutex>

namespace kdump::capture::test {
namespace {

std::mutex store_mutex;

}  // namespace

Status MemoryStore::store(std::uint64_t block, const BlockBits& bits) {
  const std::lock_guard lock(store_mutex);
  blocks_[block] = bits;
  return {};
}

Result<BlockBits> MemoryStore::load(std::uint64_t block) const {
  const std::lock_guard lock(store_mutex);
  const auto found = blocks_.find(block);
  return found == blocks_.end() ? BlockBits() : found->second;
}

Pages run_of(std::uint64_t first, std::uint64_t count) {
  Pages pages;
  for (std::uint64_t i = 0; i < count; ++i) pages.insert(pages.end(), first + i);
  return pages;
}

Filtered filter(ToyKernel& kernel, DumpLevel level, unsigned threads) {
  return filter(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo()), level, threads);
}

Filtered filter(const MemoryImage& image,
                const Vmcoreinfo& info,
                DumpLevel level,
                unsigned threads) {
  Filtered filtered;
  const PageShift shift = info.page_shift().value_or(PageShift{});
  const auto pages = touched_pages(image.ranges(), shift);
  const auto source = MemMapSource::find(image, info, shift, pages);
  EXPECT_TRUE(source) << source.error().message;
  if (!source) return filtered;
  MemoryStore store;
  PageBitmap bitmap(pages, store);
  std::atomic<std::uint64_t> done{0};
  const auto counts = select_pages(*source, level, threads, bitmap, done);
  EXPECT_TRUE(counts);
  if (!counts) return filtered;
  filtered.counts = *counts;
  EXPECT_EQ(done, bitmap.existing_pages());
  for (std::size_t i = 0; i < bitmap.blocks(); ++i) {
    const BlockBits existing = bitmap.existing(i);
    const auto dumped = bitmap.dumped(i);
    EXPECT_TRUE(dumped);
    EXPECT_EQ(bitmap.dumped_in_block(i), dumped->count());
    EXPECT_EQ(bitmap.rank(i), filtered.dumped);
    filtered.dumped += dumped->count();
    for (std::uint64_t page = existing.next_set(0); page < BlockBits::kPages;
         page = existing.next_set(page + 1)) {
      if (!dumped->test(page)) {
        filtered.excluded.insert(bitmap.first_page(i).value() + page);
      }
    }
  }
  EXPECT_EQ(filtered.counts.excluded_pages(), filtered.excluded.size());
  EXPECT_EQ(filtered.dumped + filtered.excluded.size(), bitmap.existing_pages());
  return filtered;
}

}  // namespace kdump::capture::test
