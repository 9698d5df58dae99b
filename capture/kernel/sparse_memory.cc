// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/sparse_memory.h"

#include <algorithm>
#include <map>

namespace kdump::capture {
namespace {

// include/linux/mmzone.h: bit 0 of section_mem_map says that the section exists, the next ones hold
// further flags (four to six bits, by configuration).
constexpr std::uint64_t kSectionPresent = 1;
constexpr std::uint64_t kMinFlagsMask = 0x3f;
constexpr std::uint64_t kPageFlagsMask = 0xfff;
constexpr std::uint64_t kMaxSectionBits = 40;
constexpr std::uint64_t kMaxPhysBits = 56;
constexpr std::uint64_t kMaxEntrySize = 4096;
constexpr unsigned kSamples = 64;

Error missing(std::string_view key) {
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable {}", key);
}

}  // namespace

Result<SparseMemory> SparseMemory::find(const Vmcoreinfo& info,
                                        PageShift shift,
                                        const std::vector<Range>& pages,
                                        const KernelMemory& memory) {
  const auto table = info.symbol("mem_section");
  if (!table && info.symbol("mem_map")) {
    return make_error(ErrorKind::kUnsupported,
                      "the kernel has one flat memmap (CONFIG_FLATMEM), which is not understood");
  }
  if (!table) return missing("SYMBOL(mem_section)");
  const auto section_bits = info.number("SECTION_SIZE_BITS");
  if (!section_bits || *section_bits <= shift.bits || *section_bits > kMaxSectionBits) {
    return missing("NUMBER(SECTION_SIZE_BITS)");
  }
  const auto phys_bits = info.number("MAX_PHYSMEM_BITS");
  if (!phys_bits || *phys_bits < *section_bits || *phys_bits > kMaxPhysBits) {
    return missing("NUMBER(MAX_PHYSMEM_BITS)");
  }
  const auto entry_size = info.size("mem_section");
  if (!entry_size || *entry_size < 8 || *entry_size > kMaxEntrySize) {
    return missing("SIZE(mem_section)");
  }
  const auto map_offset = info.offset("mem_section.section_mem_map");
  if (!map_offset || *map_offset > *entry_size - 8) {
    return missing("OFFSET(mem_section.section_mem_map)");
  }
  const auto page_size = info.size("page");
  if (!page_size || *page_size == 0) return missing("SIZE(page)");

  SparseMemory sparse;
  sparse.table_ = *table;
  sparse.entry_size_ = *entry_size;
  sparse.map_offset_ = *map_offset;
  sparse.pages_per_section_ = std::uint64_t{1} << (*section_bits - shift.bits);
  sparse.struct_page_size_ = *page_size;
  // Section memmaps are page aligned, and so is a section's share of the pfn range times any struct
  // size: all low bits are flags. Tiny sections leave only what the kernel itself reserves.
  sparse.flags_mask_ =
      sparse.pages_per_section_ % (kPageFlagsMask + 1) == 0 ? kPageFlagsMask : kMinFlagsMask;

  // CONFIG_SPARSEMEM_EXTREME: the table holds pointers to pages full of entries; else the entries.
  const std::uint64_t sections = std::uint64_t{1} << (*phys_bits - *section_bits);
  const std::uint64_t per_root = shift.page_size() / *entry_size;
  const std::uint64_t roots = (sections + per_root - 1) / per_root;
  sparse.table_length_ = info.length("mem_section").value_or(roots);
  sparse.extreme_ = sparse.table_length_ == roots;
  sparse.sections_per_root_ = sparse.extreme_ ? per_root : 1;
  if (sparse.learn_base(pages, memory) > 0) return sparse;

  // Kernels before 4.17 (a0b1280368d1) exported the address of a pointer to the table.
  const auto pointed = memory.read<std::uint64_t>(*table);
  if (pointed) {
    sparse.table_ = VirtAddr(*pointed);
    if (sparse.learn_base(pages, memory) > 0) return sparse;
  }
  return make_error(ErrorKind::kBadData,
                    "the section table at {} describes none of the memory in the image",
                    *table);
}

/// The section_mem_map word without its flags.
Result<std::uint64_t> SparseMemory::coded_memmap(std::uint64_t section,
                                                 const KernelMemory& memory) const {
  const std::uint64_t root = section / sections_per_root_;
  if (root >= table_length_) {
    return make_error(ErrorKind::kNotFound, "section {} is outside the section table", section);
  }
  VirtAddr entry = table_ + root * entry_size_;
  if (extreme_) {
    const auto page = TRY(memory.read<std::uint64_t>(table_ + root * sizeof(std::uint64_t)));
    if (page == 0) return make_error(ErrorKind::kNotFound, "section {} does not exist", section);
    entry = VirtAddr(page) + (section % sections_per_root_) * entry_size_;
  }
  const auto word = TRY(memory.read<std::uint64_t>(entry + map_offset_));
  if ((word & kSectionPresent) == 0) {
    return make_error(ErrorKind::kNotFound, "section {} does not exist", section);
  }
  return word & ~flags_mask_;
}

/// Looks at some sections that hold memory. Returns how many have a memmap that is mapped, and
/// keeps their base when most agree on one.
unsigned SparseMemory::learn_base(const std::vector<Range>& pages, const KernelMemory& memory) {
  std::map<std::uint64_t, unsigned> votes;
  unsigned mapped = 0;
  unsigned looked_at = 0;
  std::optional<std::uint64_t> last;
  for (const Range& range : pages) {
    const std::uint64_t end = (range.end - 1) / pages_per_section_;
    for (std::uint64_t section = range.start / pages_per_section_;
         section <= end && looked_at < kSamples;
         ++section) {
      if (last && section <= *last) continue;
      last = section;
      ++looked_at;
      const auto coded = coded_memmap(section, memory);
      if (!coded) continue;
      const VirtAddr first(*coded + section * pages_per_section_ * struct_page_size_);
      if (!memory.translate(first)) continue;
      ++mapped;
      ++votes[*coded];
    }
  }
  virtual_memmap_.reset();
  for (const auto& [base, count] : votes) {
    if (count * 2 > mapped) virtual_memmap_ = VirtAddr(base);
  }
  return mapped;
}

Result<VirtAddr> SparseMemory::section_memmap(Pfn pfn, const KernelMemory& memory) const {
  const std::uint64_t section = pfn.value() / pages_per_section_;
  const std::uint64_t coded = TRY(coded_memmap(section, memory));
  // With a virtual memmap all sections code the same base. One that does not is damaged.
  if (virtual_memmap_ && coded != virtual_memmap_->value()) {
    return make_error(ErrorKind::kBadData,
                      "section {} places its memmap at {:#x}, the others at {}",
                      section,
                      coded,
                      *virtual_memmap_);
  }
  return VirtAddr(coded + section * pages_per_section_ * struct_page_size_);
}

}  // namespace kdump::capture
