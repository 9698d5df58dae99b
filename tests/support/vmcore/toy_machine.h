// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "tests/support/vmcore/fake_memory_image.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kdump::capture::test {

/// A machine with one way of address translation, written down from the processors' manuals and the
/// kernels' memory maps.
struct ToyMachine {
  std::string name;
  std::uint16_t elf_machine = 0;
  unsigned page_bits = 12;
  unsigned table_bits = 48;  ///< address bits that the root table is indexed by
  unsigned section_bits = 27;
  unsigned physical_bits = 46;
  std::uint64_t physical_base = 0;  ///< where memory begins
  std::uint64_t direct_map = 0;     ///< address of physical_base
  std::uint64_t memmap = 0;         ///< address of the struct page of physical_base
  std::uint64_t image_offset = 0;   ///< address of the kernel image minus its physical address
  unsigned direct_map_level = 3;    ///< of the leaves of the direct map
  bool image_in_tables = false;     ///< else only the tests' arithmetic knows the kernel image
  /// The whole page table entry of a leaf or a table.
  std::function<std::uint64_t(std::uint64_t phys, unsigned level, bool leaf)> entry;
  /// The address in an entry.
  std::function<std::uint64_t(std::uint64_t entry)> target;
  std::vector<std::pair<std::string, std::string>> keys;  ///< of VMCOREINFO

  [[nodiscard]] std::uint64_t page_size() const { return std::uint64_t{1} << page_bits; }
  [[nodiscard]] std::uint64_t leaf_size(unsigned level) const {
    return page_size() << (page_bits - 3) * (level - 1);
  }
  [[nodiscard]] unsigned levels() const {
    const unsigned index_bits = page_bits - 3;
    return (table_bits - page_bits + index_bits - 1) / index_bits;
  }
};

ToyMachine x86_64_machine(bool five_level, std::int64_t phys_base, std::uint64_t sme_mask);

struct Arm64Mode {
  unsigned page_bits = 12;
  unsigned built_bits = 48;  ///< CONFIG_ARM64_VA_BITS
  unsigned used_bits = 48;   ///< what the CPU was told
  std::uint64_t physical_base = 0x40000000;
  bool tells_used_bits = true;  ///< TCR_EL1_T1SZ is exported
};
ToyMachine arm64_machine(const Arm64Mode& mode);
/// Every combination of page size and address sizes that Linux can be built for and run with, with
/// memory at the top of what it can address.
std::vector<Arm64Mode> arm64_modes();
std::string arm64_mode_name(const Arm64Mode& mode);

/// Where the page table entry for `virt` on `level` is, in the tables from `root` on; `allocate`
/// gives the tables above it that are missing.
PhysAddr page_table_entry(const ToyMachine& machine,
                          FakeMemoryImage& image,
                          PhysAddr root,
                          VirtAddr virt,
                          unsigned level,
                          const std::function<PhysAddr(std::uint64_t bytes)>& allocate);

}  // namespace kdump::capture::test
