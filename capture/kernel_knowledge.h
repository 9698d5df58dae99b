// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/crashed_machine.h"
#include "capture/kernel/known_pages.h"
#include "capture/kernel/memmap_source.h"
#include "capture/vmcore/vmcoreinfo.h"

namespace kdump::capture {

/// What the kernel says about itself beyond VMCOREINFO, and about pages by where they are; nothing
/// when VMCOREINFO is not its own.
struct KernelKnowledge {
  Vmcoreinfo info;
  KnownPages pages;
};
[[nodiscard]] KernelKnowledge find_knowledge(const CrashedMachine& machine);

/// Tells `source` the pages that are in use, and the free ones on processors' lists, which
/// `threads` threads look for.
Status tell_known_pages(const CrashedMachine& machine,
                        const KernelKnowledge& knowledge,
                        unsigned threads,
                        MemMapSource& source);

}  // namespace kdump::capture
