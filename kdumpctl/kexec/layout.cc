// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/layout.h"

#include "kdumpctl/kexec/arm64/device_tree.h"
#include "kdumpctl/kexec/arm64/trampoline.h"
#include "kdumpctl/kexec/x86/boot_params.h"
#include "kdumpctl/kexec/x86/trampoline.h"

#include <algorithm>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr Range kAnywhere{0, UINT64_MAX};
constexpr std::uint16_t kProtocolAcpiRsdp = 0x020e;  // 2.14: boot_params has acpi_rsdp_addr

Result<std::vector<std::byte>> boot_data(const LayoutRequest& request,
                                         Range initrd,
                                         PhysAddr address) {
  if (request.host.machine == Machine::kArm64) {
    return arm64::build_device_tree({.running = request.host.device_tree,
                                     .command_line = request.command_line,
                                     .initrd = initrd,
                                     .seed = request.rng_seed,
                                     .elfcorehdr = request.elfcorehdr,
                                     .usable = request.usable});
  }
  return x86::build_boot_params({.kernel = request.kernel,
                                 .host = request.host,
                                 .e820 = request.e820,
                                 .initrd = initrd,
                                 .command_line = request.command_line,
                                 .rng_seed = request.rng_seed,
                                 .efi_runtime = request.efi_runtime},
                                address);
}

x86::LoadedBytes loaded_bytes(const Segment& segment) { return {segment.address, segment.bytes}; }

// With the addresses that `layout` has so far.
std::vector<std::byte> trampoline(const Layout& layout, const LayoutRequest& request) {
  const PhysAddr kernel_entry = layout.kernel.address + layout.kernel_entry;
  if (request.host.machine == Machine::kArm64) {
    return arm64::build_trampoline(layout.boot_data.address, kernel_entry);
  }
  std::optional<x86::SerialOutput> serial;
  if (request.serial_port) {
    serial = x86::SerialOutput{.port = *request.serial_port, .loaded = {}};
    serial->loaded = {loaded_bytes(layout.kernel), loaded_bytes(layout.boot_data)};
    if (layout.initrd) serial->loaded.push_back(loaded_bytes(*layout.initrd));
  }
  return x86::build_trampoline(
      layout.trampoline.address, layout.boot_data.address, kernel_entry, serial, request.backup);
}

// The protected-mode part of a bzImage.
void draft_x86_kernel(Layout& layout, const KernelImage& kernel) {
  const x86::SetupHeader& setup = kernel.setup();
  const auto from = kernel.bytes.begin() + static_cast<std::ptrdiff_t>(setup.setup_size);
  layout.kernel =
      make_segment("kernel", {from, kernel.bytes.end()}, Machine::kX86, setup.init_size);
  layout.kernel_alignment = setup.kernel_alignment;
  layout.kernel_lowest = setup.preferred_address;
  layout.kernel_entry = x86::kEntryOffset;
}

// An Image lies at its text_offset behind a 2 MiB boundary; before Linux 5.10 that is not zero, and
// the bytes in front belong to it.
void draft_arm64_kernel(Layout& layout, const KernelImage& kernel) {
  const arm64::ImageHeader& header = kernel.arm64();
  std::vector<std::byte> bytes(header.text_offset);
  bytes.insert(bytes.end(), kernel.bytes.begin(), kernel.bytes.end());
  layout.kernel = make_segment(
      "kernel", std::move(bytes), Machine::kArm64, header.text_offset + header.image_size);
  layout.kernel_alignment = arm64::kAlignment;
  layout.kernel_entry = header.text_offset;
}

// Where an initrd may lie.
Range initrd_window(Machine machine, PhysAddr kernel) {
  if (machine != Machine::kArm64) return kAnywhere;
  // booting.rst: in the 1 GiB aligned 32 GiB that hold the kernel.
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
  const std::uint64_t start = align_down(kernel.value(), kGiB);
  return {start, start + 32 * kGiB};
}

std::string_view name_of(Machine machine) {
  return machine == Machine::kArm64 ? "arm64" : "x86_64";
}

}  // namespace

Status check_kernel_for_host(const KernelImage& kernel, const HostFacts& host) {
  if (kernel.machine() != host.machine) {
    return make_error(ErrorKind::kUnsupported,
                      "{}: a kernel for {}, and this host is {}; choose another one",
                      kernel.path,
                      name_of(kernel.machine()),
                      name_of(host.machine));
  }
  if (host.five_level_paging && !kernel.setup().five_level_paging) {
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
  if (host.machine != Machine::kX86) return command_line;
  const std::uint64_t rsdp = x86::acpi_root_pointer(host);
  if (rsdp == 0 || kernel.setup().protocol >= kProtocolAcpiRsdp) return command_line;
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

Result<Layout> draft_layout(const LayoutRequest& request) {
  const Machine machine = request.host.machine;
  Layout layout;
  if (machine == Machine::kArm64) {
    draft_arm64_kernel(layout, request.kernel);
  } else {
    draft_x86_kernel(layout, request.kernel);
  }
  if (!request.initrd.empty()) layout.initrd = make_segment("initrd", request.initrd, machine);
  // The sizes of these two do not depend on the addresses in them.
  std::vector<std::byte> boot = TRY(boot_data(request, {0, request.initrd.size()}, {}));
  layout.boot_data =
      make_segment(machine == Machine::kArm64 ? "dtb" : "boot_params", std::move(boot), machine);
  layout.trampoline = make_segment("trampoline", trampoline(layout, request), machine);
  return layout;
}

Status place_layout(Layout layout,
                    const LayoutRequest& request,
                    FreeMemory& memory,
                    LoadPlan& plan) {
  const Machine machine = request.host.machine;
  const std::uint64_t alignment = segment_alignment(machine);
  TRY(memory.take_lowest(
      layout.kernel, layout.kernel_alignment, {layout.kernel_lowest, UINT64_MAX}));
  Range initrd{};
  if (layout.initrd) {
    TRY(memory.take_highest(
        *layout.initrd, alignment, initrd_window(machine, layout.kernel.address)));
    const std::uint64_t start = layout.initrd->address.value();
    initrd = {start, start + request.initrd.size()};
  }
  TRY(memory.take_highest(layout.boot_data, alignment, kAnywhere));
  TRY(memory.take_highest(layout.trampoline, alignment, kAnywhere));
  layout.boot_data.bytes = TRY(boot_data(request, initrd, layout.boot_data.address));
  layout.trampoline.bytes = trampoline(layout, request);
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
