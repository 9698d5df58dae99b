// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <string>

namespace kdump::capture {

/// VMCOREINFO with what the kernel in the dump says about itself elsewhere.
struct CompletedInfo {
  Vmcoreinfo info;
  bool symbols_found = false;  ///< kallsyms was read
  bool types_found = false;    ///< BTF was read
  std::string trouble;         ///< why not, when something is there and could not be read
};

/// Adds to `info` the keys that it lacks and that the kernel's symbol table (kallsyms) and type
/// information (BTF) in the dump can tell; its own keys stay as they are. When a key that the
/// filter cannot do without is missing and no symbol leads to BTF, it is looked for in the kernel
/// image.
CompletedInfo complete_vmcoreinfo(const Vmcoreinfo& info, const KernelMemory& memory);

}  // namespace kdump::capture
