// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/kernel/page_layout.h"
#include "capture/kernel/sparse_memory.h"
#include "capture/vmcore/memory_image.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace kdump::capture {

/// The struct pages of `count` consecutive pages from `first` on, or none for these pages.
struct PageRun {
  Pfn first;
  std::uint64_t count = 0;
  /// count * SIZE(page) bytes, or empty: these pages have no (readable) struct page.
  std::span<const std::byte> structs;
};

/// One thread's way through the memmap. Struct pages are shown in place, as many at a time as lie
/// together in physical memory (2 MiB of memmap with the kernel's usual mapping).
class MemMap {
 public:
  MemMap(const PageLayout& layout, const SparseMemory& sparse, KernelMemory memory);

  /// How much of the memmap a run may show.
  enum class RunSize {
    kLarge,  ///< 2 MiB
    kSmall,  ///< to the end of one 4 KiB page: a fault then costs its struct pages only
  };

  /// The run that starts at `pfn` and ends at or before `end`; at least one page. Its bytes are
  /// valid until the next call, and may fault (capture/vmcore/fault_guard.h). What cannot be found
  /// or read gives a run without struct pages.
  PageRun run_at(Pfn pfn, Pfn end, RunSize size);

  /// A copy of one struct page, wherever it lies.
  Status read_page(Pfn pfn, std::span<std::byte> into);

  /// Address of the struct page of `pfn`.
  Result<VirtAddr> page_address(Pfn pfn);

 private:
  PageRun copied(Pfn pfn, VirtAddr address);

  const PageLayout& layout_;
  const SparseMemory& sparse_;
  KernelMemory memory_;
  std::unique_ptr<MemoryView> view_;
  std::vector<std::byte> buffer_;
  bool has_section_ = false;
  std::uint64_t section_ = 0;
  Result<VirtAddr> section_memmap_ = VirtAddr();
};

}  // namespace kdump::capture
