// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/address_space.h"

namespace kdump::capture {

/// How an arm64 kernel's page tables are laid out (Arm ARM, D8 "The AArch64 Virtual Memory System
/// Architecture"; Documentation/arch/arm64/memory.rst).
struct Arm64Paging {
  unsigned page_bits = 12;     ///< 12, 14 or 16: the translation granule
  unsigned address_bits = 48;  ///< that the root table is indexed by, from the page offset up
  /// FEAT_LPA2 in use (TCR_EL1.DS, 4K and 16K granules): bits 9:8 of an entry are bits 51:50 of the
  /// address. Otherwise they hold the shareability.
  bool large_addresses = false;

  friend bool operator==(const Arm64Paging&, const Arm64Paging&) = default;
};

/// The layout by NUMBER(VA_BITS), NUMBER(TCR_EL1_T1SZ) (5.9, bbdbc11804ff) and PAGESIZE. With 4K
/// and 16K pages the tables follow the size that the CPU was told; with 64K pages they have the
/// size the kernel was built for. kNotFound: a key is missing or makes no sense.
Result<Arm64Paging> arm64_paging(const Vmcoreinfo& info);

/// arm64 with 4K, 16K and 64K pages and up to 52 bits of both address kinds. Walks from
/// SYMBOL(swapper_pg_dir), which NUMBER(kimage_voffset) (4.12, 20a166243328) leads to; without that
/// key the image's headers. When the layout by the keys does not lead from swapper_pg_dir back to
/// itself and another one of the same page size does, the other one is used.
Result<std::unique_ptr<AddressSpace>> make_arm64_address_space(const MemoryImage& image,
                                                               const Vmcoreinfo& info);

}  // namespace kdump::capture
