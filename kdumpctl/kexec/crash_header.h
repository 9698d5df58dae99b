// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/kexec/host_facts.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kdump::kexec {

/// One program header of the elfcorehdr.
struct CoreSegment {
  enum class Kind { kCpuNote, kVmcoreinfo, kKernel, kRam };
  Kind kind = Kind::kRam;
  std::uint64_t physical = 0;
  std::uint64_t virtual_address = 0;  ///< 0 for notes
  std::uint64_t size = 0;             ///< bytes
  std::uint64_t saved_at = 0;         ///< where a copy lies that is to be read instead, or 0
  friend bool operator==(const CoreSegment&, const CoreSegment&) = default;
};

/// The description of the dead kernel's memory that the panic kernel turns into /proc/vmcore.
struct CrashHeader {
  std::vector<CoreSegment> segments;  ///< CPU notes, vmcoreinfo, kernel, RAM ascending
  std::vector<std::byte> bytes;       ///< ELF64 header and program headers
};

/// Pure. RAM is all System RAM but the crash reservations, the AGP aperture and on x86 the first
/// MiB, which the panic kernel overwrites and the running kernel leaves alone (Linux 5.5,
/// 6f599d84231f). Where it does not (HostFacts::low_memory_in_use), kLowMemory's RAM is there, as
/// a copy that begins at `backup`.
Result<CrashHeader> build_crash_header(const HostFacts& host, PhysAddr backup = {});

}  // namespace kdump::kexec
