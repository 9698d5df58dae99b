// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/kernel_log.h"

#include <string>

namespace kdump::capture {

/// Writes the kernel messages of a vmcore to a text file, mode 0600, or to standard output ("-").
/// Needs nothing of the dump but VMCOREINFO and the message buffer. An existing file is kUsage
/// unless `overwrite`.
Result<KernelLogCounts> dump_dmesg(const std::string& input,
                                   const std::string& output,
                                   bool overwrite);

}  // namespace kdump::capture
