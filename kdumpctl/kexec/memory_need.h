// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"
#include "kdumpctl/kexec/host_facts.h"

#include <cstdint>
#include <optional>

namespace kdump::kexec {

/// Where the reserved memory goes; bytes.
struct MemoryNeed {
  std::uint64_t segments = 0;
  std::uint64_t alignment = 0;      ///< left unused in front of the kernel
  std::uint64_t control_pages = 0;  ///< taken by the kernel at load time for the jump
  std::uint64_t unpacked_initrd = 0;
  std::uint64_t working_memory = 0;
  /// What must lie in the crash region itself.
  [[nodiscard]] std::uint64_t to_load() const { return segments + alignment + control_pages; }
  [[nodiscard]] std::uint64_t total() const { return to_load() + unpacked_initrd + working_memory; }
};

/// Room that the kernel takes in the crash region for itself while loading: code, a copy of
/// VMCOREINFO and the page tables of an identity map of all RAM (machine_kexec_64.c,
/// init_pgtable); an upper bound, bytes.
[[nodiscard]] std::uint64_t control_page_bytes(const HostFacts& host);

/// What crashkernel= has set aside.
struct Reservation {
  Range region;                 ///< where the segments go, or the part that may be used
  std::optional<Range> low{};   ///< crashkernel=X,low
  std::uint64_t cma_bytes = 0;  ///< crashkernel=X,cma

  /// What the panic kernel has in the end: all of it, less the part of the low region that its DMA
  /// bounce buffers take (swiotlb, 64 MiB by default); bytes.
  [[nodiscard]] std::uint64_t usable() const;
};

/// kUsage with the size needed, what is reserved and the remedy when it is too little.
Status check_fit(const MemoryNeed& need, const Reservation& reservation);

/// kUsage when loading would need more than half of RAM, which the kernel refuses
/// (sanity_check_segment_list; totalram does not count the reservation).
Status check_half_of_ram(std::uint64_t segment_bytes, std::uint64_t total_ram);

}  // namespace kdump::kexec
