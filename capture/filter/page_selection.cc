// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/page_selection.h"

#include "base/parallel.h"

#include <vector>

namespace kdump::capture {
namespace {

struct Worker {
  BlockFilter filter;
  FilterCounts counts;
};

}  // namespace

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
    worker.counts += worker.filter.run(bitmap.first_page(block), bits);
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
