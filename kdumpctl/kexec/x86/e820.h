// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "kdumpctl/kexec/host_facts.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace kdump::kexec::x86 {

/// Type numbers of the firmware memory map (arch/x86/include/asm/e820/types.h).
enum class E820Type : std::uint32_t {
  kRam = 1,
  kReserved = 2,
  kAcpi = 3,
  kNvs = 4,
  kUnusable = 5,
  kPmem = 7,
  kPram = 12,
  kSoftReserved = 0xefffffff,
};

struct E820Entry {
  Range range;
  E820Type type = E820Type::kRam;
  friend bool operator==(const E820Entry&, const E820Entry&) = default;
};

[[nodiscard]] std::string_view to_string(E820Type type);

/// The memory map of the panic kernel, ascending: as RAM the first MiB (without its first page),
/// the low and CMA reservations and the crash region without `hidden` (the elfcorehdr, which
/// /proc/vmcore reads only outside RAM); ACPI, reserved and persistent memory as the running kernel
/// sees them; nothing of the dead kernel's memory.
[[nodiscard]] std::vector<E820Entry> crash_e820(const HostFacts& host, Range hidden);

/// The whole machine, ascending, for a kernel to reboot into: what the firmware told the running
/// kernel (HostFacts::firmware_map), or what the running kernel knows of it.
[[nodiscard]] std::vector<E820Entry> whole_e820(const HostFacts& host);

}  // namespace kdump::kexec::x86
