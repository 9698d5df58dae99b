// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/page_selection.h"

#include "base/parallel.h"

#include <algorithm>
#include <vector>

namespace kdump::capture {
namespace {

struct Worker {
  BlockFilter filter;
  FilterCounts counts;
};

}  // namespace

void leave_out_per_cpu(const MemMapSource& source,
                       Pfn start,
                       BlockBits& bits,
                       FilterCounts& counts) {
  const Range block{start.value(), start.value() + BlockBits::kPages};
  if (!source.per_cpu_free().overlaps(block)) return;
  std::uint64_t left_out = 0;
  const auto& ranges = source.per_cpu_free().ranges();
  for (auto range =
           std::upper_bound(ranges.begin(),
                            ranges.end(),
                            block.start,
                            [](std::uint64_t frame, const Range&each) { return frame < each.end; });
       range != ranges.end() && range->start < block.end;
       ++range) {
    const std::uint64_t end = std::min(range->end, block.end);
    for (std::uint64_t frame = std::max(range->start, block.start); frame < end; ++frame) {
      const std::uint64_t bit = frame - block.start;
      if (!source.known().contains(frame)) left_out += bits.clear(bit, bit + 1);
    }
  }
  counts.excluded[static_cast<std::size_t>(PageClass::kFree)] += left_out;
  counts.per_cpu_free += left_out;
}

Result<FilterCounts> select_pages(const MemMapSource& source,
                                  DumpLevel level,
                                  unsigned threads,
                                  PageBitmap& bitmap,
                                  std::atomic<std::uint64_t>& pages_done) {
  std::vector<Worker> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.push_back(
        {BlockFilter(source.layout(), level, TRY(source.open()), source.known(), source.certain()),
         {}});
  }
  TRY(for_each_item(workers, bitmap.blocks(), [&](Worker& worker, std::size_t block) -> Status {
    BlockBits bits = TRY(bitmap.present(block));
    const std::uint64_t existing = bitmap.existing(block).count();
    const Pfn start = bitmap.first_page(block);
    worker.counts += worker.filter.run(start, bits);
    if (level.excludes(DumpLevel::kFree)) leave_out_per_cpu(source, start, bits, worker.counts);
    pages_done += existing;
    return bitmap.set_dumped(block, bits);
  }));
  bitmap.finish();
  FilterCounts counts;
  for (const Worker& worker : workers) counts += worker.counts;
  return counts;
}

Status select_everything(PageBitmap& bitmap, std::atomic<std::uint64_t>& pages_done) {
  for (std::size_t i = 0; i < bitmap.blocks(); ++i) {
    TRY(bitmap.set_dumped(i, TRY(bitmap.present(i))));
    pages_done += bitmap.existing(i).count();
  }
  bitmap.finish();
  return {};
}

}  // namespace kdump::capture
