// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "base/result.h"
#include "kdumpctl/kexec/crash_header.h"
#include "kdumpctl/kexec/host_facts.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "kdumpctl/kexec/memory_need.h"
#include "kdumpctl/kexec/x86/e820.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::kexec {

/// What a load is for.
enum class LoadKind {
  kPanic,   ///< kexec -p: the kernel that is entered by a panic
  kReboot,  ///< kexec -l: the kernel that is entered by reboot(2) instead of the firmware
};

/// A panic kernel to load, and the caller's wishes.
struct CrashLoadRequest {
  const KernelImage& kernel;
  const std::vector<std::byte>& initrd;  ///< one file or several concatenated; not empty
  /// Without elfcorehdr=, which the planner puts in front. A word kexec.serial=ttyS0 (to ttyS3, or
  /// an I/O port 0x...) is for the planner: the trampoline writes to that serial line.
  std::string command_line;
  /// Seed for the panic kernel's random generator, from getrandom(2); may be empty.
  std::vector<std::byte> rng_seed;

  bool efi_runtime = true;  ///< hand the EFI tables on; false: --noefi
  bool hotplug = true;      ///< let the kernel follow CPU and memory hotplug when it can
  /// Use only this part of the crash region; --mem-min and --mem-max.
  Range window{0, UINT64_MAX};
  /// Bytes that the unpacked initrd takes in the panic kernel, and that its programs need; both
  /// count in the question whether it fits.
  std::uint64_t unpacked_initrd = 0;
  std::uint64_t working_memory = 0;
};

/// A kernel to reboot into, and the caller's wishes.
struct NormalLoadRequest {
  const KernelImage& kernel;
  const std::vector<std::byte>& initrd;  ///< one file or several concatenated; may be empty
  std::string command_line;
  std::vector<std::byte> rng_seed;  ///< as above
  bool efi_runtime = true;
  Range window{0, UINT64_MAX};  ///< --mem-min and --mem-max
};

struct Segment {
  /// "kernel", "initrd", "elfcorehdr", "boot_params" (x86) or "dtb" (arm64), "trampoline"
  std::string name;
  std::vector<std::byte> bytes;   ///< the rest, up to memory_size, is zeroed by the kernel
  PhysAddr address;               ///< page aligned
  std::uint64_t memory_size = 0;  ///< bytes, whole pages
};

/// Everything kexec_load(2) is told, and why; a value to print, to compare and to test.
struct LoadPlan {
  LoadKind kind = LoadKind::kPanic;
  Machine machine = Machine::kX86;
  std::string kernel_path;
  std::vector<Segment> segments;  ///< ascending
  PhysAddr entry;
  std::string command_line;          ///< as the new kernel will see it
  std::vector<x86::E820Entry> e820;  ///< x86
  RangeSet room;                     ///< where segments may lie
  std::uint64_t total_ram = 0;       ///< bytes; the kernel refuses more than half of it

  // For panic kernels only.
  std::vector<Range> usable;  ///< arm64: all RAM that it may use
  bool hotplug = false;       ///< the kernel is asked to keep the elfcorehdr up to date
  CrashHeader header;         ///< what the elfcorehdr segment describes
  std::string no_mapping;     ///< why kexec_load cannot load this plan, or ""
  Range region;               ///< the reservation that holds the segments
  std::optional<std::uint16_t> serial_port;  ///< which the trampoline writes to
  std::optional<Range> low_region;           ///< the second one, for DMA
  MemoryNeed need;
};

/// Lays out a panic kernel. Pure. Every reason for which the kernel or the panic kernel would fail
/// that can be known beforehand is an error here: one sentence, the remedy and, where memory is
/// short, the size needed.
Result<LoadPlan> plan_crash_load(const CrashLoadRequest& request, const HostFacts& host);

/// Lays out a kernel to reboot into, in RAM of the running kernel that nothing but itself uses; the
/// dying kernel copies the segments there. Pure; errors as above.
Result<LoadPlan> plan_normal_load(const NormalLoadRequest& request, const HostFacts& host);

/// The rules of kexec_load(2) (kernel/kexec_core.c, sanity_check_segment_list), checked without the
/// kernel, which would throw the loaded image away before it checks them. Whatever the planners
/// made passes.
Status check_segments(const LoadPlan& plan);

/// kUnsupported when the plan may only serve to judge sizes: a dump of a kernel whose mapping is
/// unknown would be unreadable (HostFacts::no_mapping).
Status check_loadable(const LoadPlan& plan);

/// The plan as text for people: segments, memory map, command line, sizes.
[[nodiscard]] std::string describe(const LoadPlan& plan);

}  // namespace kdump::kexec
