// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/utsname.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>

namespace kdump::capture {

/// What the kernel's memory says about VMCOREINFO.
enum class Identity {
  kConfirmed,     ///< init_uts_ns holds the release that OSRELEASE names
  kUnknown,       ///< it cannot be found or read
  kContradicted,  ///< it can be read and holds something else: addresses are not to be trusted
};

struct FoundUtsname {
  Identity identity = Identity::kUnknown;
  Utsname name;  ///< when confirmed
};

/// init_uts_ns out of the kernel's memory, recognised by OSRELEASE.
FoundUtsname read_utsname(const Vmcoreinfo& info, const KernelMemory& memory);

/// What can be said without the kernel's memory: OSRELEASE and the machine of the ELF header.
Utsname fallback_utsname(const Vmcoreinfo& info, std::uint16_t elf_machine);

}  // namespace kdump::capture
