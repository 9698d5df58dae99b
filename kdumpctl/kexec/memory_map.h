// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::kexec {

enum class MemoryType {
  kSystemRam,  ///< "System RAM", and "System RAM (virtio_mem)" and the like at any depth
  kCrashKernel,
  kAcpiTables,
  kAcpiNvs,
  kReserved,
  kSoftReserved,
  kPersistent,        ///< "Persistent Memory"
  kPersistentLegacy,  ///< "Persistent Memory (legacy)"
  kUnusable,
  kGart,  ///< the AGP aperture inside RAM: reading it can hang the machine
  kOther,
};

/// One line of /proc/iomem.
struct MemoryResource {
  Range range;         ///< bytes, end exclusive
  unsigned depth = 0;  ///< 0 at the top
  MemoryType type = MemoryType::kOther;
  std::string name;
};

/// The physical address space as /proc/iomem shows it.
class MemoryMap {
 public:
  MemoryMap() = default;

  /// Errors name the line. A map whose addresses are all zero (what a process without CAP_SYS_ADMIN
  /// gets) is kUsage.
  static Result<MemoryMap> parse(std::string_view iomem);

  [[nodiscard]] const std::vector<MemoryResource>& resources() const { return resources_; }
  [[nodiscard]] RangeSet of_type(MemoryType type) const;

  /// RAM that the machine was booted with. Memory that a driver added later ("System RAM (kmem)",
  /// virtio_mem) may be gone before another kernel asks for it again, and is found through the
  /// driver then.
  [[nodiscard]] RangeSet boot_ram() const;

  /// The kernel's crashk_res: the only place where a panic kernel may be loaded. Where there are
  /// two reservations (crashkernel=X,high) it is the higher one.
  [[nodiscard]] std::optional<Range> crash_region() const;
  /// crashk_low_res: memory below 4 GiB that the panic kernel may use for DMA.
  [[nodiscard]] std::optional<Range> low_crash_region() const;

 private:
  [[nodiscard]] std::vector<Range> crash_regions() const;  // ascending, never merged
  std::vector<MemoryResource> resources_;
};

}  // namespace kdump::kexec
