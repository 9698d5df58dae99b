// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/kernel_log.h"

namespace kdump::capture {

/// The lockless printk ring (kernel/printk/printk_ringbuffer.h, 5.10, 896fbe20b4e2).
Result<KernelLogCounts> read_printk_ring(const Vmcoreinfo& info,
                                         const KernelMemory& memory,
                                         const LogSink& sink,
                                         LogPart part);

/// Its variables, descriptors, infos and text.
Result<std::vector<KernelPiece>> printk_ring_memory(const Vmcoreinfo& info,
                                                    const KernelMemory& memory);

}  // namespace kdump::capture
