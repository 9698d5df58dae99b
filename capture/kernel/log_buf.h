// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/kernel_log.h"

namespace kdump::capture {

/// The record buffer of kernels 3.5 to 5.9 (7ff9554bb578; struct printk_log, before 3.11 struct
/// log), which Red Hat Enterprise Linux 8 has.
Result<KernelLogCounts> read_log_buf(const Vmcoreinfo& info,
                                     const KernelMemory& memory,
                                     const LogSink& sink,
                                     LogPart part);

/// The whole buffer.
Result<std::vector<KernelPiece>> log_buf_memory(const Vmcoreinfo& info, const KernelMemory& memory);

}  // namespace kdump::capture
