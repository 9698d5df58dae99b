// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <vector>

namespace kdump::capture {

/// Page frames of which it is known what they hold, because a symbol or a page table says where
/// that is. They are in use, whatever their struct pages say.
struct KnownPages {
  RangeSet image;  ///< the kernel's code and data
  /// Roots of page tables, message buffer, per-CPU areas, notes of the crash, stacks of the tasks.
  RangeSet state;
  /// Those of both that no kernel ever gives back: a struct page that calls one of these free, or
  /// the page cache's, or a process's, is misread.
  RangeSet certain;

  [[nodiscard]] RangeSet all() const;
};

/// What can be found by the keys of `info` (complete_vmcoreinfo() tells more than VMCOREINFO does).
/// What is missing, unreadable or absurd is left out.
///
/// Of the image only sections are taken that kernels never give back: not its init code and data,
/// nor the gaps between the sections, which become ordinary memory (mm/init.c: free_initmem;
/// arch/x86/mm/init_64.c: mark_rodata_ro).
[[nodiscard]] KnownPages find_known_pages(const Vmcoreinfo& info,
                                          const KernelMemory& memory,
                                          PageShift shift);

/// Task structs and stacks of the tasks, the first kMaxTasks of them, as OFFSET(task_struct.tasks),
/// .stack, .signal, .thread_node, OFFSET(signal_struct.thread_head) and SYMBOL(init_task) lead to
/// them. None when one of these that it takes is missing.
inline constexpr std::size_t kMaxTasks = std::size_t{1} << 14U;
[[nodiscard]] std::vector<KernelPiece> find_task_stacks(const Vmcoreinfo& info,
                                                        const KernelMemory& memory);

}  // namespace kdump::capture
