// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/mem_map.h"

#include <algorithm>

namespace kdump::capture {
namespace {

// As much as a view shows in one piece.
constexpr std::uint64_t kMaxRunBytes = std::uint64_t{2} << 20U;
constexpr std::uint64_t kSmallPage = 4096;

PageRun absent(Pfn pfn, std::uint64_t count) { return {pfn, count, {}}; }

}  // namespace

MemMap::MemMap(const PageLayout& layout, const SparseMemory& sparse, KernelMemory memory)
    : layout_(layout), sparse_(sparse), memory_(std::move(memory)), view_(memory_.image().view()) {}

Result<VirtAddr> MemMap::page_address(Pfn pfn) {
  const std::uint64_t per_section = sparse_.pages_per_section();
  const std::uint64_t section = pfn.value() / per_section;
  if (!has_section_ || section != section_) {
    section_memmap_ = sparse_.section_memmap(pfn, memory_);
    section_ = section;
    has_section_ = true;
  }
  if (!section_memmap_) return section_memmap_.error();
  return *section_memmap_ + pfn.value() % per_section * layout_.size;
}

PageRun MemMap::copied(Pfn pfn, VirtAddr address) {
  buffer_.resize(layout_.size);
  if (!memory_.read(address, buffer_)) return absent(pfn, 1);
  return {pfn, 1, buffer_};
}

PageRun MemMap::run_at(Pfn pfn, Pfn end, RunSize size) {
  const std::uint64_t per_section = sparse_.pages_per_section();
  const std::uint64_t in_section = std::min(per_section - pfn.value() % per_section, end - pfn);
  const auto address = page_address(pfn);
  if (!address) return absent(pfn, in_section);

  const auto first = memory_.translate(*address);
  const std::uint64_t to_page_end = kSmallPage - address->value() % kSmallPage;
  if (!first) {
    // Nothing mapped here. The hole ends where a page of the memmap ends, at the earliest.
    const std::uint64_t pages = (to_page_end + layout_.size - 1) / layout_.size;
    return absent(pfn, std::min(pages, in_section));
  }
  const std::uint64_t wanted =
      std::min(in_section * layout_.size, size == RunSize::kLarge ? kMaxRunBytes : to_page_end);
  std::uint64_t bytes = first->size;
  while (bytes < wanted) {
    const auto next = memory_.translate(*address + bytes);
    if (!next || next->phys != first->phys + bytes) break;
    bytes += next->size;
  }
  const auto shown = view_->at(first->phys, static_cast<std::size_t>(std::min(bytes, wanted)));
  if (!shown) return copied(pfn, *address);
  const std::uint64_t count = shown->size() / layout_.size;
  // A struct page across two pieces of physical memory is put together in the buffer.
  if (count == 0) return copied(pfn, *address);
  return {pfn, count, shown->first(static_cast<std::size_t>(count * layout_.size))};
}

Status MemMap::read_page(Pfn pfn, std::span<std::byte> into) {
  return memory_.read(TRY(page_address(pfn)), into);
}

}  // namespace kdump::capture
