// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>

namespace kdump::capture {

/// VMCOREINFO text (Documentation/admin-guide/kdump/vmcoreinfo.rst) by a vmlinux with debug
/// information: OSRELEASE, BUILD-ID, PAGESIZE, and every key of layout_keys(). Addresses are those
/// that the kernel was linked for. What a kernel computes at boot (KERNELOFFSET, phys_base) or has
/// as a macro (SECTION_SIZE_BITS) is not in it. Errors name the file.
Result<std::string> vmcoreinfo_of(const std::string& path);

}  // namespace kdump::capture
