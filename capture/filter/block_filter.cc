// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/block_filter.h"

#include "capture/vmcore/fault_guard.h"

#include <algorithm>
#include <bit>

namespace kdump::capture {
namespace {

constexpr unsigned kBlockOrder = std::bit_width(BlockBits::kPages) - 1;

// So many struct pages are passed over by asking for the ones behind them anew: what lies between
// need not be read.
constexpr std::uint64_t kFarBytes = std::uint64_t{16} << 10U;

bool is_free(PageClass page_class) {
  return page_class == PageClass::kFree || page_class == PageClass::kUnaccepted;
}

}  // namespace

FilterCounts& FilterCounts::operator+=(const FilterCounts& other) {
  for (std::size_t i = 0; i < excluded.size(); ++i) excluded[i] += other.excluded[i];
  without_struct_page += other.without_struct_page;
  doubtful += other.doubtful;
  faults += other.faults;
  hugetlb += other.hugetlb;
  per_cpu_free += other.per_cpu_free;
  free_blocks += other.free_blocks;
  wild_blocks += other.wild_blocks;
  for (std::size_t i = 0; i < known.size(); ++i) {
    known[i] += other.known[i];
    contradicted[i] += other.contradicted[i];
  }
  return *this;
}

std::uint64_t FilterCounts::excluded_pages() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : excluded) sum += count;
  return sum;
}

BlockFilter::BlockFilter(const PageLayout& layout,
                         DumpLevel level,
                         MemMap mem_map,
                         const RangeSet& known,
                         const RangeSet& certain)
    : layout_(layout),
      classifier_(layout, level),
      mem_map_(std::move(mem_map)),
      known_(known),
      certain_(certain),
      head_copy_(layout.size),
      next_copy_(layout.size),
      last_copy_(layout.size) {}

FilterCounts BlockFilter::run(Pfn block_start, BlockBits& bits) {
  start_ = block_start;
  has_known_ = known_.overlaps(Range{start_.value(), start_.value() + BlockBits::kPages});
  bits_ = bits;
  counts_ = {};
  if (!walk(MemMap::RunSize::kLarge)) {
    // A fault under a large run: once more, and only the small runs that fault are lost.
    bits_ = bits;
    counts_ = {};
    static_cast<void>(walk(MemMap::RunSize::kSmall));
  }
  bits = bits_;
  return counts_;
}

/// False when a large run faulted.
bool BlockFilter::walk(MemMap::RunSize size) {
  next_ = start_;
  look_back();
  const Pfn end = start_ + BlockBits::kPages;
  for (;;) {
    if (next_ >= end) return true;
    next_ = start_ + bits_.next_set(next_ - start_);
    if (next_ >= end) return true;
    const PageRun run = mem_map_.run_at(next_, end, size);
    if (run.structs.empty()) {
      pass_over(run);
      continue;
    }
    Stop stop = Stop::kDone;
    if (!without_fault([&] { stop = look_at(run); })) {
      if (size == MemMap::RunSize::kLarge) return false;
      ++counts_.faults;
      pass_over(run);
      continue;
    }
    if (stop == Stop::kFar) decide_far(next_);
  }
}

/// Keeps the pages of a run whose struct pages cannot be seen.
void BlockFilter::pass_over(const PageRun& run) {
  const Pfn after = run.first + run.count;
  counts_.without_struct_page +=
      bits_.count_before(after - start_) - bits_.count_before(run.first - start_);
  next_ = after;
}

/// Touches mapped memory: no object with a destructor in here.
BlockFilter::Stop BlockFilter::look_at(const PageRun& run) {
  const std::uint64_t size = layout_.size;
  const std::uint64_t offset = run.first - start_;
  const std::uint64_t far = kFarBytes / size;
  std::uint64_t i = 0;
  std::uint64_t count = 1;
  for (; i < run.count && count < far; i += count) {
    count = 1;
    if (!bits_.test(offset + i)) continue;
    const std::byte* const page = run.structs.data() + i * size;
    const std::byte* const next = i + 1 < run.count ? page + size : nullptr;
    const Pfn pfn = run.first + i;
    next_ = pfn;
    if (next == nullptr && classifier_.is_head(page)) return Stop::kFar;
    const PageVerdict verdict = classifier_.classify(pfn, page, next);
    count = std::uint64_t{1} << verdict.order;
    if (verdict.page_class == PageClass::kKept) {
      counts_.wild_blocks += verdict.wild ? 1U : 0U;
      continue;
    }
    if (verdict.order > 0 && !is_free(verdict.page_class)) {
      const std::uint64_t last = i + count - 1;
      if (last >= run.count) return Stop::kFar;
      if (!ends_agree(next, run.structs.data() + last * size)) {
        ++counts_.doubtful;
        count = 1;
        continue;
      }
    }
    exclude(pfn, count, verdict);
  }
  next_ = run.first + i;
  return Stop::kDone;
}

/// A compound page whose struct pages do not lie together.
void BlockFilter::decide_far(Pfn pfn) {
  next_ = pfn + 1;
  if (!mem_map_.read_page(pfn, head_copy_) || !mem_map_.read_page(pfn + 1, next_copy_)) return;
  const PageVerdict verdict = classifier_.classify(pfn, head_copy_.data(), next_copy_.data());
  const std::uint64_t count = std::uint64_t{1} << verdict.order;
  if (verdict.page_class != PageClass::kKept) {
    if (verdict.order > 0 && !is_free(verdict.page_class)) {
      if (!mem_map_.read_page(pfn + (count - 1), last_copy_) ||
          !ends_agree(next_copy_.data(), last_copy_.data())) {
        ++counts_.doubtful;
        return;
      }
    }
    exclude(pfn, count, verdict);
  }
  next_ = pfn + count;
}

/// A folio or free block that is larger than a block begins where its own size divides the address.
void BlockFilter::look_back() {
  if (!mem_map_.read_page(start_, head_copy_)) return;
  const bool tail = classifier_.is_tail(head_copy_.data());
  const std::uint64_t word = classifier_.head_word(head_copy_.data());
  if (!tail && layout_.free_orders <= kBlockOrder + 1) return;
  Pfn last_tried = start_;
  for (unsigned order = kBlockOrder + 1; order <= PageClassifier::kMaxOrder; ++order) {
    const Pfn head(align_down(start_.value(), std::uint64_t{1} << order));
    if (head == last_tried) continue;
    last_tried = head;
    if (!mem_map_.read_page(head, head_copy_) || !mem_map_.read_page(head + 1, next_copy_))
      continue;
    const PageVerdict verdict = classifier_.classify(head, head_copy_.data(), next_copy_.data());
    const Pfn end = head + (std::uint64_t{1} << verdict.order);
    if (verdict.page_class == PageClass::kKept || verdict.tail || end <= start_) continue;
    if (!is_free(verdict.page_class)) {
      if (!tail || classifier_.head_word(next_copy_.data()) != word) continue;
      if (!mem_map_.read_page(end - 1, last_copy_) ||
          !ends_agree(next_copy_.data(), last_copy_.data())) {
        continue;
      }
    }
    exclude(start_, end - start_, verdict);
    next_ = end;
    return;
  }
}

/// The first and the last tail of a compound page name the same head.
bool BlockFilter::ends_agree(const std::byte* next, const std::byte* last) const {
  return classifier_.is_tail(last) && classifier_.head_word(last) == classifier_.head_word(next);
}

void BlockFilter::exclude(Pfn begin, std::uint64_t count, const PageVerdict& verdict) {
  counts_.free_blocks += is_free(verdict.page_class) ? 1U : 0U;
  const std::uint64_t before = counts_.excluded[static_cast<std::size_t>(PageClass::kUser)];
  exclude(begin, count, verdict.page_class);
  if (verdict.hugetlb) {
    counts_.hugetlb += counts_.excluded[static_cast<std::size_t>(PageClass::kUser)] - before;
  }
}

/// Leaves out what is not known to be in use.
void BlockFilter::exclude_around(const Range& frames, PageClass page_class) {
  std::uint64_t at = frames.start;
  const auto leave_out = [&](std::uint64_t end) {
    if (at >= end) return;
    counts_.excluded[static_cast<std::size_t>(page_class)] +=
        bits_.clear(at - start_.value(), end - start_.value());
  };
  const auto& ranges = known_.ranges();
  for (auto range = std::upper_bound(
           ranges.begin(),
           ranges.end(),
           at,
           [](std::uint64_t page, const Range&candidate) { return page < candidate.end; });
       range != ranges.end() && range->start < frames.end;
       ++range) {
    leave_out(range->start);
    const Range both{std::max(range->start, frames.start), std::min(range->end, frames.end)};
    counts_.known[static_cast<std::size_t>(page_class)] += both.size();
    for (std::uint64_t page = both.start; page < both.end; ++page) {
      if (certain_.contains(page)) ++counts_.contradicted[static_cast<std::size_t>(page_class)];
    }
    at = both.end;
  }
  leave_out(frames.end);
}

void BlockFilter::exclude(Pfn begin, std::uint64_t count, PageClass page_class) {
  const std::uint64_t first = begin - start_;
  const std::uint64_t last = std::min(first + count, BlockBits::kPages);
  // Failed and offline memory is never read, whatever it held.
  const bool readable = page_class != PageClass::kHwPoison && page_class != PageClass::kOffline;
  if (has_known_ && readable && last > first) {
    exclude_around({start_.value() + first, start_.value() + last}, page_class);
    return;
  }
  counts_.excluded[static_cast<std::size_t>(page_class)] += bits_.clear(first, last);
}

}  // namespace kdump::capture
