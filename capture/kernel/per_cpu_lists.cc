// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/per_cpu_lists.h"

#include "base/parallel.h"
#include "capture/kernel/address_space.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/kernel/zones.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace kdump::capture {
namespace {

// include/linux/threads.h: NR_CPUS is at most 8192.
constexpr std::uint32_t kMaxCpus = 8192;
constexpr std::uint64_t kMaxStruct = std::uint64_t{64} << 10U;
// include/linux/mmzone.h (44042b449872): a list for each of three kinds of allocations and each
// order up to PAGE_ALLOC_COSTLY_ORDER, then those for huge pages; before that, order 0 alone.
constexpr std::uint64_t kKinds = 3;
constexpr std::uint64_t kSmallOrders = 4;
constexpr std::uint64_t kMaxLists = 64;
constexpr std::uint64_t kListHead = 16;
constexpr std::uint32_t kNotMapped = 0xffffffff;
// 1 MiB of them; neighbours are one.
constexpr std::size_t kMaxRanges = std::size_t{1} << 16U;
// Lists of a running kernel (/proc/kcore) change while they are followed.
constexpr unsigned kTries = 4;
// More than any machine has of both together.
constexpr std::uint64_t kMaxCpuZones = std::uint64_t{1} << 20U;

struct ListLayout {
  std::uint64_t pageset = 0;  ///< in a zone: the per-CPU pointer
  std::uint64_t inner = 0;    ///< of per_cpu_pages in what that points to
  std::uint64_t count = 0, lists = 0, length = 0;
  std::uint64_t link = 0, refcount = 0;  ///< in a struct page
};

std::optional<std::uint64_t> offset(const Vmcoreinfo& info, std::string_view name) {
  const auto value = info.offset(name);
  return value && *value < kMaxStruct ? value : std::nullopt;
}

std::optional<ListLayout> resolve(const Vmcoreinfo& info, const PageLayout& page) {
  ListLayout layout;
  auto pageset = offset(info, "zone.per_cpu_pageset");
  if (!pageset) {
    // Before 5.14 (28f836b6777b) around a structure with statistics.
    pageset = offset(info, "zone.pageset");
    const auto inner = offset(info, "per_cpu_pageset.pcp");
    if (!inner) return std::nullopt;
    layout.inner = *inner;
  }
  const auto count = offset(info, "per_cpu_pages.count");
  const auto lists = offset(info, "per_cpu_pages.lists");
  const auto length = info.length("per_cpu_pages.lists");
  auto link = offset(info, "page.pcp_list");
  if (!link) link = offset(info, "page.lru");
  const auto refcount = offset(info, "page._refcount");
  if (!pageset || !count || !lists || !length || *length > kMaxLists || !link || !refcount ||
      *link + kListHead > page.size || *refcount + sizeof(std::uint32_t) > page.size) {
    return std::nullopt;
  }
  layout.pageset = *pageset;
  layout.count = *count;
  layout.lists = *lists;
  layout.length = *length;
  layout.link = *link;
  layout.refcount = *refcount;
  return layout;
}

/// One thread's walk along the lists.
class ListWalk {
 public:
  ListWalk(KernelMemory memory,
           PageShift shift,
           const PageLayout& page,
           const ListLayout& lists,
           VirtAddr memmap,
           std::size_t most_ranges)
      : memory_(std::move(memory)),
        shift_(shift),
        page_(&page),
        lists_(&lists),
        memmap_(memmap),
        most_ranges_(most_ranges),
        struct_page_(page.size) {}

  /// A processor's lists of the zones, for each zone all or none of them.
  void add(VirtAddr per_cpu, const std::vector<VirtAddr>& zones, std::size_t most) {
    blocks_left_ = most;
    for (const VirtAddr zone : zones) {
      const auto pageset = memory_.read<std::uint64_t>(zone + lists_->pageset);
      if (!pageset || *pageset == 0) continue;
      const VirtAddr per_cpu_pages(*pageset + per_cpu.value() + lists_->inner);
      for (unsigned tries = kTries; tries > 0 && !add_zone(per_cpu_pages); --tries) {
      }
    }
  }

  [[nodiscard]] const std::vector<Range>& frames() const { return frames_; }

 private:
  /// False when something does not fit, and none of the zone's pages were added.
  bool add_zone(VirtAddr per_cpu_pages) {
    const auto count = memory_.read<std::uint32_t>(per_cpu_pages + lists_->count);
    if (!count || *count == 0) return true;
    found_.clear();
    pages_left_ = *count;
    for (std::uint64_t i = 0; i < lists_->length; ++i) {
      if (!follow(per_cpu_pages + lists_->lists + i * kListHead, order_of(i))) return false;
    }
    if (pages_left_ != 0) return false;
    const RangeSet merged(found_);
    if (merged.ranges().size() > most_ranges_ - frames_.size()) return true;
    frames_.insert(frames_.end(), merged.ranges().begin(), merged.ranges().end());
    return true;
  }

  [[nodiscard]] unsigned order_of(std::uint64_t list) const {
    if (list < kKinds * kSmallOrders) return static_cast<unsigned>(list / kKinds);
    // A huge page: as many pages as a page has page table entries.
    return shift_.bits - 3;
  }

  bool follow(VirtAddr head, unsigned order) {
    VirtAddr previous = head;
    auto next = memory_.read<std::uint64_t>(head);
    while (next && VirtAddr(*next) != head) {
      const std::uint64_t pages = std::uint64_t{1} << order;
      if (pages_left_ < pages || blocks_left_ == 0) return false;
      pages_left_ -= pages;
      --blocks_left_;
      const VirtAddr node(*next);
      const auto pfn = free_page(node, previous, order);
      if (!pfn) return false;
      found_.push_back({*pfn, *pfn + pages});
      previous = node;
      next = word(lists_->link);
    }
    return next.has_value() &&
           memory_.read<std::uint64_t>(head + sizeof(std::uint64_t)).value_or(0) ==
               previous.value();
  }

  /// The page whose link is at `node`, when everything about it is that of a free one.
  std::optional<std::uint64_t> free_page(VirtAddr node, VirtAddr previous, unsigned order) {
    const std::uint64_t distance = node.value() - lists_->link - memmap_.value();
    const std::uint64_t pfn = distance / page_->size;
    if (distance % page_->size != 0 || pfn % (std::uint64_t{1} << order) != 0) return std::nullopt;
    if (!memory_.image().ranges().contains(pfn << shift_.bits)) return std::nullopt;
    if (!memory_.read(node - lists_->link, struct_page_)) return std::nullopt;
    const std::uint64_t flags = *word(page_->flags);
    const std::uint64_t used = page_->lru | page_->private_flag | page_->head.value_or(0) |
                               page_->slab_flag.value_or(0) | page_->hw_poison.value_or(0);
    const bool linked = *word(lists_->link + sizeof(std::uint64_t)) == previous.value();
    const bool idle = half(lists_->refcount) == 0 && half(page_->mapcount) == kNotMapped;
    if (!linked || !idle || (flags & used) != 0) return std::nullopt;
    return pfn;
  }

  [[nodiscard]] Result<std::uint64_t> word(std::uint64_t at) const {
    std::uint64_t value = 0;
    std::memcpy(&value, struct_page_.data() + at, sizeof(value));
    return value;
  }
  [[nodiscard]] std::uint32_t half(std::uint64_t at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, struct_page_.data() + at, sizeof(value));
    return value;
  }

  KernelMemory memory_;
  PageShift shift_;
  const PageLayout* page_;
  const ListLayout* lists_;
  VirtAddr memmap_;
  std::size_t most_ranges_;
  std::vector<std::byte> struct_page_;
  std::vector<Range> found_;      ///< on the lists at work
  std::uint64_t pages_left_ = 0;  ///< that they should have yet
  std::size_t blocks_left_ = 0;
  std::vector<Range> frames_;
};

}  // namespace

Result<RangeSet> find_per_cpu_free(const MemoryImage& image,
                                   const Vmcoreinfo& info,
                                   PageShift shift,
                                   const PageLayout& layout,
                                   const SparseMemory& sparse,
                                   unsigned threads) {
  const KernelMemory memory(image, TRY(make_address_space(image, info)));
  const auto lists = resolve(info, layout);
  const auto zones = find_zones(info, memory);
  const auto offsets = info.symbol("__per_cpu_offset");
  const auto count_at = info.symbol("nr_cpu_ids");
  if (!lists || !zones || !offsets || !count_at || !sparse.virtual_memmap()) return RangeSet();
  const auto cpus = memory.read<std::uint32_t>(*count_at);
  if (!cpus || *cpus == 0 || *cpus > kMaxCpus || *cpus * zones->size() > kMaxCpuZones) {
    return RangeSet();
  }
  std::vector<VirtAddr> areas;
  for (std::uint32_t cpu = 0; cpu < *cpus; ++cpu) {
    const auto area = memory.read<std::uint64_t>(*offsets + std::uint64_t{cpu} * 8);
    if (area) areas.emplace_back(*area);
  }
  std::vector<ListWalk> walks;
  for (unsigned i = 0; i < threads; ++i) {
    KernelMemory own(image, TRY(make_address_space(image, info)));
    walks.emplace_back(
        std::move(own), shift, layout, *lists, *sparse.virtual_memmap(), kMaxRanges / threads);
  }
  TRY(for_each_item(walks, areas.size(), [&](ListWalk& walk, std::size_t cpu) -> Status {
    walk.add(areas[cpu], *zones, kMaxListedBlocks / areas.size());
    return {};
  }));
  std::vector<Range> frames;
  for (const ListWalk& walk : walks) {
    frames.insert(frames.end(), walk.frames().begin(), walk.frames().end());
  }
  return RangeSet(frames);
}

}  // namespace kdump::capture
