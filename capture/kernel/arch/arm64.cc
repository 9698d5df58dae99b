// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/arch/arm64.h"

#include "capture/kernel/page_table_cache.h"

#include <vector>

namespace kdump::capture {
namespace {

constexpr unsigned kPage64K = 16;
constexpr unsigned kMinAddressBits = 36;
constexpr unsigned kMaxAddressBits = 52;
constexpr unsigned kLongAddressBits = 52;

// Descriptors: bit 0 valid; bit 1 a table, and on the last level a page.
constexpr std::uint64_t kValid = 1;
constexpr std::uint64_t kTable = 2;
// Linux makes blocks on the two levels above pages at most (arch/arm64/mm/mmu.c).
constexpr unsigned kMaxBlockLevel = 3;

constexpr std::uint64_t bits_below(unsigned count) { return (std::uint64_t{1} << count) - 1; }

class Arm64AddressSpace final : public AddressSpace {
 public:
  Arm64AddressSpace(const MemoryImage& image, PhysAddr root, const Arm64Paging& paging)
      : paging_(paging), root_(root), tables_(image) {}

  Result<Translation> translate(VirtAddr address) override {
    const unsigned index_bits = paging_.page_bits - 3;
    // Addresses of TTBR1: every bit above the translated ones is set. The kernel's own half of a
    // 52-bit table may be the upper 48 bits only, which this covers too.
    if (address.value() >> paging_.address_bits != ~std::uint64_t{0} >> paging_.address_bits) {
      return make_error(ErrorKind::kBadData, "{} is not a kernel address", address);
    }
    const unsigned levels =
        (paging_.address_bits - paging_.page_bits + index_bits - 1) / index_bits;
    const std::uint64_t inside_tables = address.value() & bits_below(paging_.address_bits);
    PhysAddr table = root_;
    for (unsigned level = levels; level > 0; --level) {
      const unsigned shift = paging_.page_bits + (level - 1) * index_bits;
      const std::uint64_t index = inside_tables >> shift & bits_below(index_bits);
      const std::uint64_t entry = TRY(tables_.entry(table, index));
      const bool table_or_page = (entry & kTable) != 0;
      if ((entry & kValid) == 0 || (level == 1 && !table_or_page)) {
        return make_error(ErrorKind::kNotFound, "nothing is mapped at {}", address);
      }
      if (level == 1 || !table_or_page) {
        if (level > kMaxBlockLevel) {
          return make_error(ErrorKind::kBadData, "damaged page table entry for {}", address);
        }
        const std::uint64_t size = std::uint64_t{1} << shift;
        const std::uint64_t inside = address.value() & (size - 1);
        return Translation{PhysAddr(align_down(target(entry), size) + inside), size - inside};
      }
      table = PhysAddr(target(entry));
    }
    return make_error(ErrorKind::kNotFound, "nothing is mapped at {}", address);
  }

  [[nodiscard]] std::vector<PhysAddr> top_tables() override {
    std::vector<PhysAddr> tables = {root_};
    const unsigned index_bits = paging_.page_bits - 3;
    const unsigned rest = (paging_.address_bits - paging_.page_bits) % index_bits;
    const std::uint64_t entries = std::uint64_t{1} << (rest == 0 ? index_bits : rest);
    for (std::uint64_t index = 0; index < entries; ++index) {
      const auto entry = tables_.entry(root_, index);
      if (!entry) return tables;
      if ((*entry & kValid) != 0 && (*entry & kTable) != 0) tables.emplace_back(target(*entry));
    }
    return tables;
  }

 private:
  /// The physical address in a descriptor (Arm ARM, D8.3).
  [[nodiscard]] std::uint64_t target(std::uint64_t entry) const {
    constexpr unsigned kLowAddressBits = 48;
    if (paging_.large_addresses) {
      const std::uint64_t low = entry & bits_below(50) & ~bits_below(paging_.page_bits);
      return low | (entry >> 8U & 3U) << 50U;
    }
    const std::uint64_t low = entry & bits_below(kLowAddressBits) & ~bits_below(paging_.page_bits);
    // FEAT_LPA: bits 15:12, reserved as zero without it, are bits 51:48.
    return paging_.page_bits == kPage64K ? low | (entry >> 12U & 0xfU) << 48U : low;
  }

  Arm64Paging paging_;
  PhysAddr root_;
  PageTableCache tables_;
};

/// The layouts that kernels with this page size have, the one the keys tell first.
std::vector<Arm64Paging> candidates(const Arm64Paging& told) {
  std::vector<Arm64Paging> table = {told};
  const auto add = [&](unsigned address_bits, bool large) {
    const Arm64Paging paging{told.page_bits, address_bits, large};
    if (paging != told) table.push_back(paging);
  };
  constexpr unsigned kPage4K = 12;
  if (told.page_bits == kPage64K) {
    for (const unsigned bits : {48U, 52U, 42U}) add(bits, false);
  } else {
    add(kLongAddressBits, true);
    add(48, false);
    for (const unsigned bits : {48U, told.page_bits == kPage4K ? 39U : 47U}) {
      add(bits, true);
      add(bits, false);
    }
    if (told.page_bits != kPage4K) add(kMinAddressBits, false);
  }
  return table;
}

}  // namespace

Result<Arm64Paging> arm64_paging(const Vmcoreinfo& info) {
  const auto shift = info.page_shift();
  if (!shift || shift->bits > kPage64K || shift->bits % 2 != 0) {
    return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable PAGESIZE");
  }
  const auto usable = [](std::uint64_t bits) {
    return bits >= kMinAddressBits && bits <= kMaxAddressBits;
  };
  const auto built = info.number("VA_BITS");
  if (!built || !usable(*built)) {
    return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable NUMBER(VA_BITS)");
  }
  Arm64Paging paging{shift->bits, static_cast<unsigned>(*built), false};
  if (shift->bits == kPage64K) return paging;
  // 4K and 16K pages have 52 bits by FEAT_LPA2 alone, which a kernel built for it does without on
  // other CPUs (6.9).
  if (const auto t1sz = info.number("TCR_EL1_T1SZ"); t1sz && *t1sz < 64 && usable(64 - *t1sz)) {
    paging.address_bits = static_cast<unsigned>(64 - *t1sz);
  }
  paging.large_addresses = paging.address_bits == kLongAddressBits;
  return paging;
}

Result<std::unique_ptr<AddressSpace>> make_arm64_address_space(const MemoryImage& image,
                                                               const Vmcoreinfo& info) {
  const Arm64Paging told = TRY(arm64_paging(info));
  const auto top = info.symbol("swapper_pg_dir");
  if (!top) return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks SYMBOL(swapper_pg_dir)");
  std::optional<PhysAddr> root;
  if (const auto offset = info.number("kimage_voffset")) {
    root = PhysAddr(top->value() - *offset);
  } else {
    root = image.header_address(*top);
  }
  if (!root) {
    return make_error(
        ErrorKind::kNotFound,
        "VMCOREINFO lacks NUMBER(kimage_voffset), and the image does not tell it either");
  }
  for (const Arm64Paging& paging : candidates(told)) {
    auto space = std::make_unique<Arm64AddressSpace>(image, *root, paging);
    const auto itself = space->translate(*top);
    if (itself && itself->phys == *root) return std::unique_ptr<AddressSpace>(std::move(space));
  }
  return std::unique_ptr<AddressSpace>(std::make_unique<Arm64AddressSpace>(image, *root, told));
}

}  // namespace kdump::capture
