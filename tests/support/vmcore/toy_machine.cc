// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/toy_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <elf.h>

namespace kdump::capture::test {
namespace {

constexpr std::uint64_t bits(unsigned from, unsigned to) {
  return (~std::uint64_t{0} >> (63 - to)) & (~std::uint64_t{0} << from);
}

/// Attributes as Linux sets them: access flag, not for user space, normal memory, and inner
/// shareable where those bits are no address bits.
constexpr std::uint64_t kArm64Leaf = std::uint64_t{1} << 10U | std::uint64_t{1} << 54U | 1U;
constexpr std::uint64_t kInnerShareable = std::uint64_t{3} << 8U;

std::uint64_t arm64_entry(
    const ToyMachine& machine, bool lpa2, std::uint64_t phys, unsigned level, bool leaf) {
  std::uint64_t entry = phys & bits(machine.page_bits, lpa2 ? 49 : 47);
  if (lpa2) {
    entry |= (phys >> 50U & 3U) << 8U;
  } else {
    if (machine.page_bits == 16) entry |= (phys >> 48U & 0xfU) << 12U;
    if (leaf) entry |= kInnerShareable;
  }
  if (!leaf) return entry | 3U;
  return entry | kArm64Leaf | (level == 1 ? 2U : 0U);
}

std::uint64_t arm64_target(const ToyMachine& machine, bool lpa2, std::uint64_t entry) {
  std::uint64_t phys = entry & bits(machine.page_bits, lpa2 ? 49 : 47);
  if (lpa2) phys |= (entry >> 8U & 3U) << 50U;
  if (machine.page_bits == 16) phys |= (entry >> 12U & 0xfU) << 48U;
  return phys;
}

}  // namespace

ToyMachine x86_64_machine(bool five_level, std::int64_t phys_base, std::uint64_t sme_mask) {
  constexpr std::uint64_t kAddress = bits(12, 51);
  ToyMachine machine;
  machine.name = five_level ? "x86_64, five levels" : "x86_64";
  machine.elf_machine = EM_X86_64;
  machine.table_bits = five_level ? 57 : 48;
  machine.direct_map = five_level ? 0xff11000000000000ULL : 0xffff888000000000ULL;
  machine.memmap = five_level ? 0xffd4000000000000ULL : 0xffffea0000000000ULL;
  machine.image_offset = 0xffffffff80000000ULL - static_cast<std::uint64_t>(phys_base);
  machine.entry = [sme_mask](std::uint64_t phys, unsigned level, bool leaf) {
    return phys | sme_mask | (leaf && level > 1 ? 0x80U : 0U) | 3U;
  };
  machine.target = [sme_mask](std::uint64_t entry) { return entry & ~sme_mask & kAddress; };
  machine.keys = {{"NUMBER(phys_base)", std::to_string(phys_base)},
                  {"NUMBER(sme_mask)", std::to_string(sme_mask)},
                  {"NUMBER(pgtable_l5_enabled)", five_level ? "1" : "0"}};
  return machine;
}

ToyMachine arm64_machine(const Arm64Mode& mode) {
  const bool lpa2 = mode.page_bits != 16 && mode.used_bits == 52;
  ToyMachine machine;
  machine.name = arm64_mode_name(mode);
  machine.elf_machine = EM_AARCH64;
  machine.page_bits = mode.page_bits;
  machine.table_bits = mode.page_bits == 16 ? mode.built_bits : mode.used_bits;
  // arch/arm64/include/asm/sparsemem.h
  machine.section_bits = mode.page_bits == 16 ? 29 : 27;
  machine.physical_bits = mode.built_bits == 52 || mode.physical_base >> 48U != 0 ? 52 : 48;
  machine.physical_base = mode.physical_base;
  // arch/arm64/include/asm/memory.h, from 5.4 on: the direct map fills the lower half, the kernel
  // lies at the start of the upper half (of 48 bits where there are more), the memmap behind it.
  const std::uint64_t middle = ~std::uint64_t{0} << (std::min(mode.used_bits, 48U) - 1);
  machine.direct_map = ~std::uint64_t{0} << mode.used_bits;
  machine.image_offset = middle + 0x80000000ULL - mode.physical_base;
  machine.memmap = middle + (std::uint64_t{1} << (std::min(mode.used_bits, 48U) - 2));
  machine.direct_map_level = mode.page_bits == 12 ? 3 : 2;
  machine.image_in_tables = true;
  machine.entry = [machine, lpa2](std::uint64_t phys, unsigned level, bool leaf) {
    return arm64_entry(machine, lpa2, phys, level, leaf);
  };
  machine.target = [machine, lpa2](std::uint64_t entry) {
    return arm64_target(machine, lpa2, entry);
  };
  machine.keys = {{"PAGESIZE", std::to_string(machine.page_size())},
                  {"NUMBER(VA_BITS)", std::to_string(mode.built_bits)},
                  {"NUMBER(kimage_voffset)", fmt::format("{:#x}", machine.image_offset)},
                  {"NUMBER(PHYS_OFFSET)", fmt::format("{:#x}", machine.physical_base)}};
  if (mode.tells_used_bits) {
    machine.keys.emplace_back("NUMBER(TCR_EL1_T1SZ)", fmt::format("{:#x}", 64 - mode.used_bits));
  }
  return machine;
}

std::vector<Arm64Mode> arm64_modes() {
  constexpr std::uint64_t kTop48 = 0xffff00000000ULL;
  constexpr std::uint64_t kTop52 = 0xfffff00000000ULL;
  std::vector<Arm64Mode> modes = {
      {12, 39, 39},
      {12, 48, 48},
      {12, 48, 48, kTop48},
      {12, 52, 48, kTop48},
      {12, 52, 52, kTop52},
      {14, 36, 36},
      {14, 47, 47, 0x7fff00000000ULL},
      {14, 48, 48},
      {14, 52, 47, 0x7fff00000000ULL},
      {14, 52, 52, kTop52},
      {16, 42, 42},
      {16, 48, 48, kTop48},
      {16, 48, 48, kTop52},
      {16, 52, 48, kTop48},
      {16, 52, 52, kTop52},
  };
  // Kernels before 5.9 say less.
  modes.push_back({12, 48, 48, 0x40000000, false});
  modes.push_back({16, 48, 48, 0x40000000, false});
  return modes;
}

std::string arm64_mode_name(const Arm64Mode& mode) {
  return fmt::format("arm64, {} KiB pages, built for {} bits, used {}, memory at {:#x}{}",
                     (1U << mode.page_bits) / 1024,
                     mode.built_bits,
                     mode.used_bits,
                     mode.physical_base,
                     mode.tells_used_bits ? "" : ", used bits untold");
}

PhysAddr page_table_entry(const ToyMachine& machine,
                          FakeMemoryImage& image,
                          PhysAddr root,
                          VirtAddr virt,
                          unsigned level,
                          const std::function<PhysAddr(std::uint64_t bytes)>& allocate) {
  const unsigned index_bits = machine.page_bits - 3;
  const std::uint64_t address = virt.value() & bits(0, machine.table_bits - 1);
  PhysAddr table = root;
  for (unsigned at = machine.levels();; --at) {
    const std::uint64_t index =
        address >> (machine.page_bits + index_bits * (at - 1)) & bits(0, index_bits - 1);
    const PhysAddr place = table + index * 8;
    if (at == level) return place;
    auto next = image.get<std::uint64_t>(place);
    if (next == 0) {
      next = machine.entry(allocate(machine.page_size()).value(), at, false);
      image.put(place, next);
    }
    table = PhysAddr(machine.target(next));
  }
}

}  // namespace kdump::capture::test
