// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/filter/block_filter.h"
#include "capture/filter/dump_level.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/kernel/memmap_source.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kdump::capture {

/// A reason not to believe some of what the filter found.
struct FailedProof {
  std::uint32_t bits = 0;  ///< of the level; what they exclude must be kept
  std::string reason;
};

/// Holds what was found against what else the crashed kernel says. A kernel that does not say is no
/// proof against the filter.
///
/// - No more free pages than the zones count, and hardly a free block of an impossible order.
/// - No more pages of the cache and of processes than the zones' LRU lists have.
/// - Pages that are known to be in use (MemMapSource::certain) are not called anything else.
std::vector<FailedProof> prove_selection(const MemMapSource& source,
                                         const Vmcoreinfo& info,
                                         const KernelMemory& memory,
                                         std::uint64_t cpus,
                                         const FilterCounts& counts);

/// The kernel's text is where its page tables say, and where its image is known to begin. An error
/// says that they contradict each other: then no address can be believed.
Status prove_translation(const Vmcoreinfo& info, const KernelMemory& memory);

/// What the bits of a level exclude, in words: "free pages", "pages of the page cache, ...".
[[nodiscard]] std::string excluded_by(std::uint32_t bits);

}  // namespace kdump::capture
