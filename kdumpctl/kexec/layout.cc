// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/layout.h"

#include "kdumpctl/kexec/x86/boot_params.h"
#include "kdumpctl/kexec/x86/trampoline.h"

#include <algorithm>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr Range kAnywhere{0, UINT64_MAX};
constexpr std::uint16_t kProtocolAcpiRsdp = 0x020e;  // 2.14: boot_params has acpi_rsdp_addr

std::vector<std::byte> boot_data(const LayoutRequest& request, Range initrd, PhysAddr address) {
  return x86::build_boot_params({.kernel = request.kernel,
                                 .host = request.host,
                                 .e820 = request.e820,
                                 .initrd = initrd,
                                 .command_line = request.command_line,
                                 .rng_seed = request.rng_seed,
                                 .efi_runtime = request.efi_runtime},
                                address);
}

Segment kernel_segment(const LayoutRequest& request) {
  const KernelImage& kernel = request.kernel;
  const auto from = kernel.bytes.begin() + static_cast<std::ptrdiff_t>(kernel.setup.setup_size);
  return make_segment(
      "kernel", {from, kernel.bytes.end()}, request.host.machine, kernel.setup.init_size);
}

}  // namespace

Status check_kernel_for_host(const KernelImage& kernel, const HostFacts& host) {
  if (host.machine != Machine::kX86) {
    return make_error(ErrorKind::kUnsupported,
                      "kexec_load is planned for x86_64 hosts only, and this is another machine");
  }
  if (host.five_level_paging && !kernel.setup.five_level_paging) {
    return make_error(ErrorKind::kUnsupported,
                      "{}: cannot be entered with 5-level paging, which this host uses; boot the "
                      "host with no5lvl or choose a newer kernel",
                      kernel.path);
  }
  return {};
}

std::string with_acpi_root(std::string command_line,
                           const KernelImage& kernel,
                           const HostFacts& host) {
  const std::uint64_t rsdp = x86::acpi_root_pointer(host);
  if (rsdp == 0 || kernel.setup.protocol >= kProtocolAcpiRsdp) return command_line;
  return std::move(command_line) + fmt::format(" acpi_rsdp={:#x}", rsdp);
}

Status FreeMemory::take_lowest(Segment& segment, std::uint64_t alignment, Range window) {
  return take(segment, free_.lowest_fit(segment.memory_size, alignment, window));
}

Status FreeMemory::take_highest(Segment& segment, std::uint64_t alignment, Range window) {
  return take(segment, free_.highest_fit(segment.memory_size, alignment, window));
}

bool FreeMemory::has_gap(std::uint64_t size, std::uint64_t alignment) const {
  return free_.lowest_fit(size, alignment, kAnywhere).has_value();
}

Status FreeMemory::take(Segment& segment, std::optional<std::uint64_t> start) {
  if (!start) {
    return make_error(ErrorKind::kUsage,
                      "no {} bytes in one piece are left for {} {}; {}",
                      segment.memory_size,
                      segment.name,
                      where_,
                      remedy_);
  }
  segment.address = PhysAddr(*start);
  free_.subtract({*start, *start + segment.memory_size});
  return {};
}

std::uint64_t Layout::memory_size() const {
  return kernel.memory_size + (initrd ? initrd->memory_size : 0) + boot_data.memory_size +
         trampoline.memory_size;
}

Segment make_segment(std::string name,
                     std::vector<std::byte> bytes,
                     Machine machine,
                     std::uint64_t least_size) {
  const std::uint64_t size =
      align_up(std::max<std::uint64_t>(bytes.size(), least_size), segment_alignment(machine));
  return {.name = std::move(name), .bytes = std::move(bytes), .address = {}, .memory_size = size};
}

Layout draft_layout(const LayoutRequest& request) {
  const Machine machine = request.host.machine;
  Layout layout;
  layout.kernel = kernel_segment(request);
  if (!request.initrd.empty()) layout.initrd = make_segment("initrd", request.initrd, machine);
  // The sizes of these two do not depend on the addresses in them.
  layout.boot_data =
      make_segment("boot_params", boot_data(request, {0, request.initrd.size()}, {}), machine);
  layout.trampoline = make_segment("trampoline", x86::build_trampoline({}, {}, {}), machine);
  layout.kernel_alignment = request.kernel.setup.kernel_alignment;
  layout.kernel_lowest = request.kernel.setup.preferred_address;
  return layout;
}

Status place_layout(Layout layout,
                    const LayoutRequest& request,
                    FreeMemory& memory,
                    LoadPlan& plan) {
  const std::uint64_t alignment = segment_alignment(request.host.machine);
  TRY(memory.take_lowest(
      layout.kernel, layout.kernel_alignment, {layout.kernel_lowest, UINT64_MAX}));
  Range initrd{};
  if (layout.initrd) {
    TRY(memory.take_highest(*layout.initrd, alignment, kAnywhere));
    const std::uint64_t start = layout.initrd->address.value();
    initrd = {start, start + request.initrd.size()};
  }
  TRY(memory.take_highest(layout.boot_data, alignment, kAnywhere));
  TRY(memory.take_highest(layout.trampoline, alignment, kAnywhere));
  layout.boot_data.bytes = boot_data(request, initrd, layout.boot_data.address);
  layout.trampoline.bytes = x86::build_trampoline(layout.trampoline.address,
                                                  layout.boot_data.address,
                                                  layout.kernel.address + x86::kEntryOffset);
  plan.entry = layout.trampoline.address;
  plan.segments.push_back(std::move(layout.kernel));
  if (layout.initrd) plan.segments.push_back(*std::move(layout.initrd));
  plan.segments.push_back(std::move(layout.boot_data));
  plan.segments.push_back(std::move(layout.trampoline));
  sort_segments(plan);
  return {};
}

void sort_segments(LoadPlan& plan) {
  std::sort(plan.segments.begin(), plan.segments.end(), [](const auto& a, const auto& b) {
    return a.address < b.address;
  });
}

}  // namespace kdump::kexec
