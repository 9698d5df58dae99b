// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/load_plan.h"

#include "kdumpctl/kexec/command_line.h"
#include "kdumpctl/kexec/x86/boot_params.h"
#include "kdumpctl/kexec/x86/trampoline.h"

#include <algorithm>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kElfHeaderBytes = 64;
constexpr std::uint16_t kProtocolAcpiRsdp = 0x020e;  // 2.14: boot_params has acpi_rsdp_addr

Status check_request(const CrashLoadRequest& request, const HostFacts& host) {
  if (host.machine != Machine::kX86) {
    return make_error(ErrorKind::kUnsupported,
                      "kexec_load is planned for x86_64 hosts only, and this is another machine");
  }
  if (host.five_level_paging && !request.kernel.setup.five_level_paging) {
    return make_error(ErrorKind::kUnsupported,
                      "{}: cannot be entered with 5-level paging, which this host uses; boot the "
                      "host with no5lvl or choose a newer panic kernel",
                      request.kernel.path);
  }
  if (request.initrd.empty()) {
    return make_error(ErrorKind::kUsage, "no initrd given: a panic kernel needs one");
  }
  return check_parameters(request.command_line);
}

// The part of the crash region that may be used, whole pages.
Result<Range> usable_region(const HostFacts& host, Range window) {
  const auto region = host.memory.crash_region();
  if (!region) {
    return make_error(ErrorKind::kUsage,
                      "no memory is reserved for a panic kernel: add crashkernel= to the kernel "
                      "command line and reboot");
  }
  const Range usable{align_up(std::max(region->start, window.start), kPage),
                     align_down(std::min(region->end, window.end), kPage)};
  if (usable.empty()) {
    return make_error(ErrorKind::kUsage,
                      "the reserved memory {:#x}-{:#x} lies outside the addresses {:#x}-{:#x} that "
                      "may be used; change --mem-min and --mem-max",
                      region->start,
                      region->end - 1,
                      window.start,
                      window.end - 1);
  }
  return usable;
}

Segment make_segment(std::string name, std::vector<std::byte> bytes, std::uint64_t room = 0) {
  const std::uint64_t size = align_up(std::max<std::uint64_t>(bytes.size(), room), kPage);
  return {.name = std::move(name), .bytes = std::move(bytes), .address = {}, .memory_size = size};
}

Segment kernel_segment(const KernelImage& kernel) {
  const auto from = kernel.bytes.begin() + static_cast<std::ptrdiff_t>(kernel.setup.setup_size);
  return make_segment("kernel", {from, kernel.bytes.end()}, kernel.setup.init_size);
}

Segment header_segment(const LoadPlan& plan, const HostFacts& host) {
  // The kernel's figure counts program headers only (kernel/crash_core.c,
  // crash_get_elfcorehdr_size).
  const std::uint64_t room = plan.hotplug ? *host.elfcorehdr_size + kElfHeaderBytes : 0;
  return make_segment("elfcorehdr", plan.header.bytes, room);
}

std::string final_command_line(const CrashLoadRequest& request,
                               const HostFacts& host,
                               std::uint64_t elfcorehdr) {
  std::string text = fmt::format("elfcorehdr={:#x}", elfcorehdr);
  if (!request.command_line.empty()) text += " " + request.command_line;
  const std::uint64_t rsdp = x86::acpi_root_pointer(host);
  if (rsdp != 0 && request.kernel.setup.protocol < kProtocolAcpiRsdp) {
    text += fmt::format(" acpi_rsdp={:#x}", rsdp);
  }
  return text;
}

// Hands out a region from both ends.
class FreeMemory {
 public:
  explicit FreeMemory(Range region) : region_(region), free_(std::vector<Range>{region}) {}

  Status take_lowest(Segment& segment, std::uint64_t alignment, std::uint64_t from) {
    return take(segment, free_.lowest_fit(segment.memory_size, alignment, {from, region_.end}));
  }
  Status take_highest(Segment& segment) {
    return take(segment, free_.highest_fit(segment.memory_size, kPage, region_));
  }
  [[nodiscard]] bool has_gap(std::uint64_t size) const {
    return free_.lowest_fit(size, kPage, region_).has_value();
  }

 private:
  Status take(Segment& segment, std::optional<std::uint64_t> start) {
    if (!start) {
      return make_error(ErrorKind::kUsage,
                        "no {} bytes in one piece are left for {} in the reserved memory "
                        "{:#x}-{:#x}; raise crashkernel= and reboot",
                        segment.memory_size,
                        segment.name,
                        region_.start,
                        region_.end - 1);
    }
    segment.address = PhysAddr(*start);
    free_.subtract({*start, *start + segment.memory_size});
    return {};
  }

  Range region_;
  RangeSet free_;
};

// The kernel at the bottom, everything else from the top down; what is left in between serves for
// control pages. Contents that depend on addresses are made as soon as those are known.
Status place(LoadPlan& plan,
             const CrashLoadRequest& request,
             const HostFacts& host,
             Range usable,
             Segment header) {
  const x86::SetupHeader& setup = request.kernel.setup;
  Segment kernel = kernel_segment(request.kernel);
  Segment initrd = make_segment("initrd", request.initrd);
  const auto boot_params = [&](PhysAddr address) {
    const std::uint64_t initrd_at = initrd.address.value();
    return x86::build_boot_params({.kernel = request.kernel,
                                   .host = host,
                                   .e820 = plan.e820,
                                   .initrd = {initrd_at, initrd_at + request.initrd.size()},
                                   .command_line = plan.command_line,
                                   .rng_seed = request.rng_seed,
                                   .efi_runtime = request.efi_runtime},
                                  address);
  };
  // The sizes of these two do not depend on the addresses in them.
  Segment params = make_segment("boot_params", boot_params(PhysAddr(0)));
  Segment trampoline = make_segment("trampoline", x86::build_trampoline({}, {}, {}));

  for (const Segment* segment : {&header, &kernel, &initrd, &params, &trampoline}) {
    plan.need.segments += segment->memory_size;
  }
  const std::uint64_t lowest = std::max(usable.start, setup.preferred_address);
  plan.need.alignment = align_up(lowest, setup.kernel_alignment) - usable.start;
  TRY(check_fit(
      plan.need,
      {.region = usable, .low = plan.low_region, .cma_bytes = RangeSet(host.crash_cma).total()}));

  FreeMemory free_memory(usable);
  TRY(free_memory.take_highest(header));
  TRY(free_memory.take_lowest(kernel, setup.kernel_alignment, lowest));
  TRY(free_memory.take_highest(initrd));
  TRY(free_memory.take_highest(params));
  TRY(free_memory.take_highest(trampoline));
  if (!free_memory.has_gap(plan.need.control_pages)) {
    return make_error(ErrorKind::kUsage,
                      "{} bytes in one piece must stay free for the jump in the reserved memory; "
                      "raise crashkernel= and reboot",
                      plan.need.control_pages);
  }
  params.bytes = boot_params(params.address);
  trampoline.bytes =
      x86::build_trampoline(trampoline.address, params.address, kernel.address + x86::kEntryOffset);
  plan.entry = trampoline.address;
  for (Segment* segment : {&header, &kernel, &initrd, &params, &trampoline}) {
    plan.segments.push_back(std::move(*segment));
  }
  std::sort(plan.segments.begin(), plan.segments.end(), [](const auto& a, const auto& b) {
    return a.address < b.address;
  });
  return {};
}

}  // namespace

Result<LoadPlan> plan_crash_load(const CrashLoadRequest& request, const HostFacts& host) {
  TRY(check_request(request, host));
  const Range usable = TRY(usable_region(host, request.window));

  LoadPlan plan;
  plan.machine = host.machine;
  plan.kernel_path = request.kernel.path;
  plan.region = *host.memory.crash_region();
  plan.low_region = host.memory.low_crash_region();
  plan.total_ram = host.total_ram;
  plan.hotplug = request.hotplug && host.elfcorehdr_size.has_value();
  plan.need = {.segments = 0,
               .alignment = 0,
               .control_pages = control_page_bytes(host),
               .unpacked_initrd = request.unpacked_initrd,
               .working_memory = request.working_memory};
  plan.header = TRY(build_crash_header(host));
  Segment header = header_segment(plan, host);
  // Where take_highest will put it: its address stands in the command line and it is not RAM.
  const std::uint64_t header_start = usable.end - std::min(header.memory_size, usable.size());
  plan.command_line = final_command_line(request, host, header_start);
  TRY(check_length(plan.command_line, request.kernel.setup.command_line_max, request.kernel.path));
  plan.e820 = x86::crash_e820(host, {header_start, usable.end});
  TRY(place(plan, request, host, usable, std::move(header)));
  TRY(check_half_of_ram(plan.need.segments, host.total_ram));
  TRY(check_segments(plan));
  return plan;
}

}  // namespace kdump::kexec
