// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace kdump::capture {

/// Receives one formatted record at a time, its newline included.
using LogSink = std::function<Status(std::string_view text)>;

enum class LogPart {
  kAll,
  kSinceClear,  ///< what came after `dmesg --clear` was last run; all where the kernel does not say
};

struct KernelLogCounts {
  std::uint64_t records = 0;  ///< given to the sink
  std::uint64_t damaged = 0;  ///< could not be read, or their lengths made no sense
};

/// The kernel's message buffer, oldest record first, each as the crash utility's `log` prints it:
/// "[%5lu.%06lu] " and the text; further lines of a record indented to the first, bytes that
/// are neither printable ASCII nor white space as dots.
///
/// Reads the lockless ring of 5.10 and later (SYMBOL(prb)) or the record buffer of 3.5 to 5.9
/// (SYMBOL(log_buf)). Depends on nothing else in the dump. Damaged records are left out and
/// counted. kNotFound: VMCOREINFO describes neither. kBadData, kUnreadable: the buffer's own head
/// is damaged. Errors of the sink end the walk.
Result<KernelLogCounts> read_kernel_log(const Vmcoreinfo& info,
                                        const KernelMemory& memory,
                                        const LogSink& sink,
                                        LogPart part = LogPart::kAll);

/// Where the message buffer is: its variables, descriptors and text. Nothing when it cannot be
/// told.
[[nodiscard]] std::vector<KernelPiece> kernel_log_memory(const Vmcoreinfo& info,
                                                         const KernelMemory& memory);

}  // namespace kdump::capture
