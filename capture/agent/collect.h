// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>
#include <vector>

namespace kdump::agent {

/// Whether the plan's collector is kdump-collect: any other command writes a vmcore of its own
/// kind.
[[nodiscard]] bool collector_is_native(const config::CapturePlan& plan);

/// The dead kernel's messages, before anything else: `kdump-collect --dump-dmesg /proc/vmcore
/// DIR/vmcore-dmesg-incomplete.txt`, then its final name vmcore-dmesg.txt.
Status save_dmesg(const CaptureContext& context, const std::string& directory);

/// The dump: this collector with /proc/vmcore and DIR/vmcore-incomplete appended, then its
/// final name vmcore. A failure leaves vmcore-incomplete as it is and says why.
Status save_vmcore(const CaptureContext& context,
                   std::vector<std::string> collector,
                   const std::string& directory);

/// What writes the vmcore to its standard output: the native collector as a stream in
/// makedumpfile's flattened format, which `makedumpfile -R` makes a file of; another command
/// whatever it writes to its standard output when it is given the vmcore alone. `collector`: the
/// plan's, or with another dump level.
[[nodiscard]] std::vector<std::string> stream_command(const CaptureContext& context,
                                                      const std::vector<std::string>& collector);

/// What writes the dead kernel's messages to its standard output.
[[nodiscard]] std::vector<std::string> dmesg_command(const CaptureContext& context);

/// Runs a program of the toolkit, its words in the log, memory watched. An error says how it failed
/// and whether the kernel killed it for memory.
Status run_logged(const CaptureContext& context, Program program, Deadline deadline);

/// "1.23 s" since then.
[[nodiscard]] std::string time_since(const CaptureContext& context, Deadline start);

}  // namespace kdump::agent
