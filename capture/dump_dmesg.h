// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/kernel_log.h"

#include <string>

namespace kdump::capture {

/// Writes the kernel messages of a vmcore to a text file, mode 0600, or to standard output ("-").
/// Needs nothing of the dump but VMCOREINFO and the message buffer. An existing file is kUsage
/// unless `overwrite`. `debug_info`: VMCOREINFO text for what the dump's own lacks; kMismatch when
/// it is another kernel's.
Result<KernelLogCounts> dump_dmesg(const std::string& input,
                                   const std::string& output,
                                   bool overwrite,
                                   LogPart part = LogPart::kAll,
                                   const std::string& debug_info = {});

}  // namespace kdump::capture
