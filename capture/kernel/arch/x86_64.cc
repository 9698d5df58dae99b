// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/arch/x86_64.h"

#include "capture/kernel/page_table_cache.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace kdump::capture {
namespace {

// arch/x86/include/asm/page_64_types.h: __START_KERNEL_map; KERNEL_IMAGE_SIZE without KASLR.
constexpr VirtAddr kKernelMap{0xffffffff80000000ULL};
constexpr std::uint64_t kDefaultImageSize = std::uint64_t{512} << 20U;
constexpr std::uint64_t kMaxImageSize = std::uint64_t{2} << 30U;
// The image is mapped linearly; answers end at 2 MiB as those of its page tables would.
constexpr std::uint64_t kImageStep = std::uint64_t{2} << 20U;

constexpr unsigned kPageBits = 12;
constexpr unsigned kIndexBits = 9;
constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << kIndexBits) - 1;
constexpr std::uint64_t kPresent = 1;
constexpr std::uint64_t kLargePage = std::uint64_t{1} << 7U;
// Bits 12 to 51 of an entry are the physical address.
constexpr std::uint64_t kAddressMask = 0x000ffffffffff000ULL;

struct Parameters {
  std::uint64_t phys_base = 0;
  std::uint64_t image_size = kDefaultImageSize;
  VirtAddr top_table;
  bool five_level = false;
  std::uint64_t sme_mask = 0;
};

class X86_64AddressSpace final : public AddressSpace {
 public:
  X86_64AddressSpace(const MemoryImage& image, const Parameters& parameters)
      : parameters_(parameters), tables_(image) {}

  Result<Translation> translate(VirtAddr address) override {
    if (const auto linear = in_image(address)) return *linear;
    return walk(address);
  }

  Result<Translation> walk(VirtAddr address) override {
    const unsigned levels = parameters_.five_level ? 5 : 4;
    const unsigned address_bits = kPageBits + levels * kIndexBits;
    // Kernel addresses are the negative half: all bits above the translated ones are set.
    if (address.value() >> (address_bits - 1) != ~std::uint64_t{0} >> (address_bits - 1)) {
      return make_error(ErrorKind::kBadData, "{} is not a kernel address", address);
    }
    const auto top = in_image(parameters_.top_table);
    if (!top) return make_error(ErrorKind::kBadData, "the top page table is outside the kernel");
    PhysAddr table = top->phys;
    for (unsigned level = levels; level > 0; --level) {
      const unsigned shift = kPageBits + (level - 1) * kIndexBits;
      const std::uint64_t entry = TRY(tables_.entry(table, address.value() >> shift & kIndexMask));
      if ((entry & kPresent) == 0) {
        return make_error(ErrorKind::kNotFound, "nothing is mapped at {}", address);
      }
      const std::uint64_t target = entry & kAddressMask & ~parameters_.sme_mask;
      const bool leaf = level == 1 || (level <= 3 && (entry & kLargePage) != 0);
      if (leaf) {
        const std::uint64_t size = std::uint64_t{1} << shift;
        const std::uint64_t inside = address.value() & (size - 1);
        return Translation{PhysAddr(align_down(target, size) + inside), size - inside};
      }
      table = PhysAddr(target);
    }
    return make_error(ErrorKind::kNotFound, "nothing is mapped at {}", address);
  }

  [[nodiscard]] std::vector<PhysAddr> top_tables() override {
    const auto top = in_image(parameters_.top_table);
    if (!top) return {};
    std::vector<PhysAddr> tables = {top->phys};
    // The upper half of a table is the kernel's.
    for (std::uint64_t index = (kIndexMask + 1) / 2; index <= kIndexMask; ++index) {
      const auto entry = tables_.entry(top->phys, index);
      if (!entry) return tables;
      if ((*entry & kPresent) == 0 || (*entry & kLargePage) != 0) continue;
      tables.emplace_back(*entry & kAddressMask & ~parameters_.sme_mask);
    }
    return tables;
  }

 private:
  [[nodiscard]] std::optional<Translation> in_image(VirtAddr address) const {
    if (address < kKernelMap) return std::nullopt;
    const std::uint64_t inside = address - kKernelMap;
    if (inside >= parameters_.image_size) return std::nullopt;
    return Translation{PhysAddr(inside + parameters_.phys_base),
                       kImageStep - address.value() % kImageStep};
  }

  Parameters parameters_;
  PageTableCache tables_;
};

/// NUMBER(phys_base) since 4.10 (401721ecd1dc); else from the PT_LOAD of the kernel image.
std::optional<std::uint64_t> find_phys_base(const MemoryImage& image, const Vmcoreinfo& info) {
  if (const auto number = info.number("phys_base")) return number;
  const auto stext = info.symbol("_stext");
  if (!stext || *stext < kKernelMap) return std::nullopt;
  const auto phys = image.header_address(*stext);
  if (!phys) return std::nullopt;
  return phys->value() - (*stext - kKernelMap);
}

}  // namespace

Result<std::unique_ptr<AddressSpace>> make_x86_64_address_space(const MemoryImage& image,
                                                                const Vmcoreinfo& info) {
  Parameters parameters;
  const auto phys_base = find_phys_base(image, info);
  if (!phys_base) {
    return make_error(ErrorKind::kNotFound,
                      "VMCOREINFO lacks NUMBER(phys_base), and the image does not tell it either");
  }
  parameters.phys_base = *phys_base;
  auto top = info.symbol("init_top_pgt");
  if (!top) top = info.symbol("swapper_pg_dir");
  if (!top) {
    return make_error(ErrorKind::kNotFound,
                      "VMCOREINFO lacks SYMBOL(init_top_pgt) and SYMBOL(swapper_pg_dir)");
  }
  parameters.top_table = *top;
  parameters.image_size =
      std::min(info.number("KERNEL_IMAGE_SIZE").value_or(kDefaultImageSize), kMaxImageSize);
  parameters.five_level = info.number("pgtable_l5_enabled").value_or(0) != 0;
  parameters.sme_mask = info.number("sme_mask").value_or(0);
  return std::unique_ptr<AddressSpace>(std::make_unique<X86_64AddressSpace>(image, parameters));
}

}  // namespace kdump::capture
