// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <string_view>

namespace kdump::capture {

/// `info`, and what it lacks of the VMCOREINFO text `debug_info` (of a file, or of a vmlinux; ""
/// leaves all as it is). The kernel's own keys stay as they are. Symbols are moved by what both
/// KERNELOFFSETs differ by. kMismatch: OSRELEASE or BUILD-ID of both are there and differ.
/// kBadData: `debug_info` is no VMCOREINFO text.
Result<Vmcoreinfo> with_debug_info(const Vmcoreinfo& info, std::string_view debug_info);

}  // namespace kdump::capture
