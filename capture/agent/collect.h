// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <string>

namespace kdump::agent {

/// Whether the plan's collector is kdump-collect: any other command writes a vmcore of its own
/// kind.
[[nodiscard]] bool collector_is_native(const config::CapturePlan& plan);

/// The dead kernel's messages, before anything else: `kdump-collect --dump-dmesg /proc/vmcore
/// DIR/vmcore-dmesg-incomplete.txt`, then its final name vmcore-dmesg.txt.
Status save_dmesg(const CaptureContext& context, const std::string& directory);

/// The dump: the planned collector with /proc/vmcore and DIR/vmcore-incomplete appended, then its
/// final name vmcore. A failure leaves vmcore-incomplete as it is and says why.
Status save_vmcore(const CaptureContext& context, const std::string& directory);

/// Writes the vmcore to `fd`: the native collector as a stream in makedumpfile's flattened format,
/// which `makedumpfile -R` makes a file of; another command whatever it writes to its standard
/// output when it is given the vmcore alone.
Status write_vmcore_stream(const CaptureContext& context, int fd);

}  // namespace kdump::agent
