// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/kernel/kernel_memory.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kdump::capture {

/// struct new_utsname (include/uapi/linux/utsname.h): what uname(2) said on the crashed machine.
struct Utsname {
  static constexpr std::size_t kFieldSize = 65;
  std::string sysname, nodename, release, version, machine, domainname;
};

/// init_uts_ns out of the kernel's memory, recognised by OSRELEASE. Nothing when it is not found.
std::optional<Utsname> read_utsname(const Vmcoreinfo& info, const KernelMemory& memory);

/// What can be said without the kernel's memory: OSRELEASE and the machine of the ELF header.
Utsname fallback_utsname(const Vmcoreinfo& info, std::uint16_t elf_machine);

}  // namespace kdump::capture
