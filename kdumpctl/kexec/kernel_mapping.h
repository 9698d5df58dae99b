// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/elf_file.h"
#include "base/result.h"
#include "kdumpctl/kexec/host_facts.h"

#include <cstdint>
#include <vector>

namespace kdump::kexec {

/// Where the running kernel has mapped itself and all RAM.
struct KernelMappings {
  KernelMapping kernel;
  std::uint64_t direct_map = 0;    ///< virtual minus physical address of RAM
  bool five_level_paging = false;  ///< x86
};

/// Reads them off the PT_LOADs of /proc/kcore, which hold the randomised addresses without a symbol
/// table; segments without a physical address (vmalloc, vmemmap, modules) have -1 there
/// (Linux 4.11, 464920104bf7).
///
/// x86_64 (Documentation/arch/x86/x86_64/mm.rst): the kernel image lies in the 1 GiB behind
/// 0xffffffff80000000, the direct map below it. With 4-level paging no kernel address lies below
/// 0xffff800000000000, and the direct map always does with 5-level paging.
///
/// arm64 (Documentation/arch/arm64/memory.rst): where both begin depends on the width of addresses,
/// but the image lies in RAM and so is shown twice, the second time as part of the linear map.
Result<KernelMappings> mappings_of_kcore(const std::vector<ElfSegment>& segments, Machine machine);

}  // namespace kdump::kexec
