// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>

namespace kdump::capture {

/// Files of the host that say what a kernel's VMCOREINFO note says, or more; at most one is named.
struct DebugInfoFiles {
  std::string vmcoreinfo;  ///< VMCOREINFO text
  std::string vmlinux;     ///< with DWARF
};

/// The VMCOREINFO text of whichever file is named; "" when none is. Errors name the file.
Result<std::string> read_debug_info(const DebugInfoFiles& files);

/// What kdump-vmcoreinfo(8), the program beside this one, reads in a vmlinux. DWARF is read by a
/// program of its own because what reads it (libdw) is no part of a capture image.
Result<std::string> vmcoreinfo_of_vmlinux(const std::string& vmlinux);

}  // namespace kdump::capture
