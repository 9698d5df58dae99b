// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/kexec/machine.h"
#include "kdumpctl/kexec/memory_map.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kdump::kexec {

/// Memory in which the dying kernel leaves an ELF note.
struct NoteArea {
  PhysAddr address;
  std::uint64_t size = 0;  ///< bytes
  friend bool operator==(const NoteArea&, const NoteArea&) = default;
};

/// The running kernel's image (_text to _end), mapped in one piece.
struct KernelMapping {
  VirtAddr start;
  PhysAddr physical;
  std::uint64_t size = 0;  ///< bytes
};

/// A range that the firmware's runtime services need, as the running kernel mapped it
/// (/sys/firmware/efi/runtime-map/N).
struct EfiRuntimeRange {
  std::uint32_t type = 0;  ///< EFI memory type
  std::uint64_t phys_addr = 0;
  std::uint64_t virt_addr = 0;
  std::uint64_t num_pages = 0;  ///< of 4 KiB
  std::uint64_t attribute = 0;
  friend bool operator==(const EfiRuntimeRange&, const EfiRuntimeRange&) = default;
};

/// What a kernel booted by EFI firmware must hand on. Zero: the host does not say.
struct EfiFacts {
  std::uint64_t rsdp = 0;  ///< "ACPI20=", else "ACPI=" of systab
  std::uint64_t smbios = 0;
  std::uint64_t fw_vendor = 0;
  std::uint64_t config_table = 0;
  std::vector<EfiRuntimeRange> runtime_map;  ///< in the order of their numbers; may be empty
};

/// All that the planner knows about the running kernel and its machine: one value, read in one
/// place, written by hand in tests.
struct HostFacts {
  Machine machine = Machine::kX86;
  MemoryMap memory;
  MemoryMap firmware_map;           ///< /sys/firmware/memmap, flat; empty when there is none
  std::vector<Range> crash_cma;     ///< crashkernel=X,cma areas, which are not in the memory map
  std::vector<NoteArea> cpu_notes;  ///< one a CPU; CPU numbers may have gaps
  NoteArea vmcoreinfo;
  KernelMapping kernel;
  /// Why the two mappings are unknown, or "". Then only kexec_file_load can load a panic kernel.
  std::string no_mapping;
  std::uint64_t direct_map = 0;    ///< virtual minus physical address of RAM
  bool five_level_paging = false;  ///< in use, not only possible
  /// x86: the running kernel keeps data below 640 KiB, where a panic kernel starts its CPUs; Linux
  /// 5.5 and later leave that memory alone.
  bool low_memory_in_use = false;
  bool gigabyte_pages = false;         ///< the CPU has them: fewer page tables for the jump
  std::uint64_t total_ram = 0;         ///< bytes that the kernel manages (MemTotal)
  std::vector<std::byte> boot_params;  ///< x86: the running kernel's, 4096 bytes or none
  std::vector<std::byte> device_tree;  ///< arm64: the one that the running kernel was booted with
  std::optional<EfiFacts> efi;         ///< present when the host was booted by EFI firmware
  /// Bytes that the kernel wants for the elfcorehdr to be able to rewrite it itself when CPUs or
  /// memory come and go; absent when it cannot (before 6.6).
  std::optional<std::uint64_t> elfcorehdr_size;
};

/// Reads /proc/iomem, /proc/kcore, /proc/kpageflags, /proc/meminfo, /sys/devices/system/cpu,
/// /sys/kernel and /sys/firmware: everything for a panic kernel. Needs root; each failure says
/// which file and why it matters.
Result<HostFacts> read_host_facts(const SysRoot& root);

/// The part that a kernel to reboot into needs; the rest (notes, kernel mapping, reservations)
/// stays empty. It works on kernels without crash dumps, and where lockdown has closed /proc/kcore.
Result<HostFacts> read_reboot_facts(const SysRoot& root);

}  // namespace kdump::kexec
