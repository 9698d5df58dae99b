// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "tests/support/vmcore/fake_memory_image.h"
#include "tests/support/vmcore/page_era.h"
#include "tests/support/vmcore/toy_machine.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture::test {

/// A kernel that crashed in a test: physical memory with page tables, a sparse memory table, a
/// memmap, zone counters, a name and notes, as a kernel of a given time would leave them. What a
/// test does not say is plain kernel memory.
class ToyKernel {
 public:
  static constexpr std::uint64_t kPage = 4096;

  struct Options {
    std::string era = "6.1";
    std::vector<Range> memory = {{0x1000, 0x9fc00}, {0x100000, 0x10000000}};
    bool five_level = false;
    bool small_memmap_pages = false;  ///< memmap mapped by scattered 4 KiB pages, not 2 MiB ones
    bool classic_sparse = false;      ///< no CONFIG_SPARSEMEM_EXTREME
    std::uint64_t struct_page_size = 64;
    std::int64_t phys_base = -0x1000000;
    std::uint64_t sme_mask = 0;
    unsigned cpus = 2;
    /// Instead of x86_64, which the members above describe; memory is moved to where the machine's
    /// begins.
    std::optional<Arm64Mode> arm64;
  };

  ToyKernel() : ToyKernel(Options()) {}
  explicit ToyKernel(const Options& options);

  // Pages by class. `order`: of the block or compound page.
  void make_free(std::uint64_t pfn, unsigned order);
  void make_unaccepted(std::uint64_t pfn);
  void make_cache(std::uint64_t pfn, unsigned order = 0);
  void make_cache_private(std::uint64_t pfn, unsigned order = 0);
  void make_anonymous(std::uint64_t pfn, unsigned order = 0);
  void make_swap_cache(std::uint64_t pfn);
  void make_hugetlb(std::uint64_t pfn, unsigned order);
  void make_slab(std::uint64_t pfn, unsigned order = 0);
  void make_offline(std::uint64_t pfn);
  void poison(std::uint64_t pfn);
  void make_compound(std::uint64_t pfn, unsigned order);
  /// HugeTLB vmemmap optimization: the struct pages of the tails beyond the first 64 become aliases
  /// of the first 64 (which makes heads appear among them). Needs small_memmap_pages.
  void optimize_memmap(std::uint64_t pfn, unsigned order);

  // One word of a struct page.
  void set_flags(std::uint64_t pfn, std::uint64_t mask);
  void put64(std::uint64_t pfn, unsigned offset, std::uint64_t value);
  void put32(std::uint64_t pfn, unsigned offset, std::uint32_t value);
  void put8(std::uint64_t pfn, unsigned offset, std::uint8_t value);
  static constexpr unsigned kFlags = 0, kCompoundHead = 8, kMapping = 24, kPrivate = 40,
                            kMapcount = 48;

  /// Changes or removes a key of VMCOREINFO.
  void set_key(const std::string& key, std::optional<std::string> value);
  /// What the zones' counters say is free, instead of what make_free() made.
  void set_counted_free(std::uint64_t pages) { counted_free_ = pages; }
  /// Damages the memory section table.
  void set_section_word(std::uint64_t section, std::uint64_t word);
  [[nodiscard]] std::uint64_t section_word(std::uint64_t section);

  // Memory for a test's own structures.
  PhysAddr allocate(std::uint64_t bytes);
  [[nodiscard]] VirtAddr direct_map(PhysAddr address) const;
  [[nodiscard]] VirtAddr kernel_image(PhysAddr address) const;
  /// Maps one page of machine().leaf_size(level) bytes.
  void map(VirtAddr virt, PhysAddr phys, unsigned level);
  /// Where the page table entry for an address is.
  PhysAddr entry_place(VirtAddr virt, unsigned level);
  [[nodiscard]] VirtAddr struct_page(std::uint64_t pfn) const;
  /// Where the byte of a struct page is in physical memory.
  [[nodiscard]] PhysAddr struct_page_phys(std::uint64_t pfn, std::uint64_t offset = 0) const;

  [[nodiscard]] const PageEra& era() const { return era_; }
  [[nodiscard]] const ToyMachine& machine() const { return machine_; }
  [[nodiscard]] PageShift page_shift() const { return {machine_.page_bits}; }
  /// The page `n` pages behind the start of the machine's memory.
  [[nodiscard]] std::uint64_t pfn(std::uint64_t n) const {
    return (machine_.physical_base >> machine_.page_bits) + n;
  }
  [[nodiscard]] std::uint64_t pages_per_section() const {
    return std::uint64_t{1} << (machine_.section_bits - machine_.page_bits);
  }
  [[nodiscard]] std::string vmcoreinfo() const;
  FakeMemoryImage& memory() { return image_; }

  /// Writes the notes (VMCOREINFO, one NT_PRSTATUS a CPU) and the counters. Once, at the end.
  FakeMemoryImage& finish();

 private:
  void load_keys();
  void build_page_tables();
  void build_sections();
  void build_identity();
  void write_counters();
  [[nodiscard]] std::uint64_t tail_word(std::uint64_t head, unsigned order) const;

  [[nodiscard]] PhysAddr section_entry(std::uint64_t section);

  Options options_;
  ToyMachine machine_;
  PageEra era_;
  FakeMemoryImage image_;
  std::vector<std::pair<std::string, std::string>> keys_;
  PhysAddr next_free_;
  PhysAddr top_table_;
  PhysAddr section_table_;
  PhysAddr node_;
  std::map<std::uint64_t, PhysAddr> memmap_pages_;  ///< by page of the virtual memmap
  std::uint64_t free_pages_ = 0;
  std::optional<std::uint64_t> counted_free_;
};

}  // namespace kdump::capture::test
