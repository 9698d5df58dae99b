// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace kdump::capture {

/// The sparse memory model (mm/sparse.c, include/linux/mmzone.h): physical memory in sections of
/// 2^SECTION_SIZE_BITS bytes, each with its own piece of the memmap. Immutable; sections are looked
/// up in the image when they are needed, so that it costs no memory per section.
class SparseMemory {
 public:
  /// Finds the section table. `pages` are the pages of the image; a few of their sections are
  /// looked at to tell how the table is laid out, and whether all sections share one virtual
  /// memmap. kNotFound, kBadData: no memmap can be found.
  static Result<SparseMemory> find(const Vmcoreinfo& info,
                                   PageShift shift,
                                   const std::vector<Range>& pages,
                                   const KernelMemory& memory);

  [[nodiscard]] std::uint64_t pages_per_section() const { return pages_per_section_; }

  /// Address of the struct page of the first page of the section that holds `pfn`. kNotFound: the
  /// section has no memmap; kBadData: its entry contradicts what the others say.
  [[nodiscard]] Result<VirtAddr> section_memmap(Pfn pfn, const KernelMemory& memory) const;

  /// The one base of the virtual memmap: struct page of pfn N lies at base + N * SIZE(page).
  [[nodiscard]] std::optional<VirtAddr> virtual_memmap() const { return virtual_memmap_; }

 private:
  SparseMemory() = default;
  [[nodiscard]] Result<std::uint64_t> coded_memmap(std::uint64_t section,
                                                   const KernelMemory& memory) const;
  [[nodiscard]] unsigned learn_base(const std::vector<Range>& pages, const KernelMemory& memory);

  VirtAddr table_;
  std::uint64_t table_length_ = 0;
  std::uint64_t entry_size_ = 0;
  std::uint64_t map_offset_ = 0;
  std::uint64_t sections_per_root_ = 1;
  bool extreme_ = false;
  std::uint64_t pages_per_section_ = 0;
  std::uint64_t struct_page_size_ = 0;
  std::uint64_t flags_mask_ = 0;
  std::optional<VirtAddr> virtual_memmap_;
};

}  // namespace kdump::capture
