// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/address_space.h"

namespace kdump::capture {

/// x86_64, four or five levels (Documentation/arch/x86/x86_64/mm.rst, Intel SDM volume 3 chapter
/// 4). Uses SYMBOL(init_top_pgt) or SYMBOL(swapper_pg_dir), NUMBER(phys_base),
/// NUMBER(KERNEL_IMAGE_SIZE), NUMBER(pgtable_l5_enabled), NUMBER(sme_mask). Addresses of the kernel
/// image are computed from phys_base, all others walked.
Result<std::unique_ptr<AddressSpace>> make_x86_64_address_space(const MemoryImage& image,
                                                                const Vmcoreinfo& info);

}  // namespace kdump::capture
