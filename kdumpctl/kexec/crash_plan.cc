// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/command_line.h"
#include "kdumpctl/kexec/layout.h"
#include "kdumpctl/kexec/load_plan.h"

#include <algorithm>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr std::uint64_t kElfHeaderBytes = 64;

Status check_request(const CrashLoadRequest& request, const HostFacts& host) {
  TRY(check_kernel_for_host(request.kernel, host));
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
  const std::uint64_t page = segment_alignment(host.machine);
  const Range usable{align_up(std::max(region->start, window.start), page),
                     align_down(std::min(region->end, window.end), page)};
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

Segment header_segment(const LoadPlan& plan, const HostFacts& host) {
  // The kernel's figure counts program headers only (kernel/crash_core.c,
  // crash_get_elfcorehdr_size).
  const std::uint64_t room = plan.hotplug ? *host.elfcorehdr_size + kElfHeaderBytes : 0;
  return make_segment("elfcorehdr", plan.header.bytes, host.machine, room);
}

// Where take_highest will put it.
Range header_place(const Segment& header, Range usable) {
  return {usable.end - std::min(header.memory_size, usable.size()), usable.end};
}

// The copy of low memory, below the header; the header then says where it is.
Result<std::optional<Segment>> backup_segment(LoadPlan& plan,
                                              const HostFacts& host,
                                              Segment& header,
                                              Range& hidden) {
  if (!host.low_memory_in_use) return std::optional<Segment>{};
  // One byte, as an empty buffer would look like a mistake; the trampoline fills it.
  Segment backup =
      make_segment("backup", std::vector<std::byte>(1), host.machine, kLowMemory.size());
  hidden.start -= std::min(backup.memory_size, hidden.start);
  backup.address = PhysAddr(hidden.start);
  plan.header = TRY(build_crash_header(host, backup.address));
  header.bytes = plan.header.bytes;
  return std::optional(std::move(backup));
}

std::string final_command_line(const std::string& words,
                               const CrashLoadRequest& request,
                               const HostFacts& host,
                               std::uint64_t elfcorehdr) {
  if (host.machine == Machine::kArm64) return words;  // the device tree says it
  std::string text = fmt::format("elfcorehdr={:#x}", elfcorehdr);
  if (!words.empty()) text += " " + words;
  return with_acpi_root(std::move(text), request.kernel, host);
}

// What the panic kernel is told of memory. `hidden`: where its elfcorehdr and the backup lie.
void describe_memory(LoadPlan& plan, const HostFacts& host, Range hidden) {
  if (host.machine == Machine::kX86) {
    plan.e820 = x86::crash_e820(host, hidden);
    return;
  }
  // The larger one first, as arm64 takes that for the memory it may lie in (mm/init.c).
  plan.usable = {plan.region};
  if (plan.low_region) plan.usable.push_back(*plan.low_region);
}

// Header at the top, the kernel at the bottom, all else below the header.
Status place(LoadPlan& plan,
             const CrashLoadRequest& request,
             const HostFacts& host,
             Range usable,
             Segment header,
             std::optional<Segment> backup) {
  const std::uint64_t page = segment_alignment(host.machine);
  const LayoutRequest wanted{.kernel = request.kernel,
                             .initrd = request.initrd,
                             .host = host,
                             .rng_seed = request.rng_seed,
                             .command_line = plan.command_line,
                             .e820 = plan.e820,
                             .efi_runtime = request.efi_runtime,
                             .serial_port = plan.serial_port,
                             .backup = backup ? std::optional(backup->address) : std::nullopt,
                             .elfcorehdr = header_place(header, usable),
                             .usable = plan.usable};
  Layout layout = TRY(draft_layout(wanted));
  plan.need.segments =
      header.memory_size + layout.memory_size() + (backup ? backup->memory_size : 0);
  const std::uint64_t lowest = std::max(usable.start, layout.kernel_lowest);
  plan.need.alignment = align_up(lowest, layout.kernel_alignment) - usable.start;
  TRY(check_fit(
      plan.need,
      {.region = usable, .low = plan.low_region, .cma_bytes = RangeSet(host.crash_cma).total()}));

  FreeMemory memory(plan.room,
                    fmt::format("in the reserved memory {:#x}-{:#x}", usable.start, usable.end - 1),
                    "raise crashkernel= and reboot");
  TRY(memory.take_highest(header, page, usable));
  plan.segments.push_back(std::move(header));
  if (backup) {
    TRY(memory.take_highest(*backup, page, usable));
    plan.segments.push_back(*std::move(backup));
  }
  TRY(place_layout(std::move(layout), wanted, memory, plan));
  // What is left serves for control pages.
  if (!memory.has_gap(plan.need.control_pages, page)) {
    return make_error(ErrorKind::kUsage,
                      "{} bytes in one piece must stay free for the jump in the reserved memory; "
                      "raise crashkernel= and reboot",
                      plan.need.control_pages);
  }
  return {};
}

}  // namespace

Result<LoadPlan> plan_crash_load(const CrashLoadRequest& request, const HostFacts& host) {
  TRY(check_request(request, host));
  const Range usable = TRY(usable_region(host, request.window));

  const SerialWish serial = TRY(take_serial_wish(request.command_line));
  if (serial.port && host.machine != Machine::kX86) {
    return make_error(ErrorKind::kUsage,
                      "kexec.serial= names an I/O port, which this machine has not; remove it");
  }

  LoadPlan plan;
  plan.kind = LoadKind::kPanic;
  plan.machine = host.machine;
  plan.room = RangeSet(std::vector<Range>{usable});
  plan.kernel_path = request.kernel.path;
  plan.region = *host.memory.crash_region();
  plan.low_region = host.memory.low_crash_region();
  plan.total_ram = host.total_ram;
  plan.no_mapping = host.no_mapping;
  plan.serial_port = serial.port;
  plan.hotplug = request.hotplug && host.elfcorehdr_size.has_value();
  plan.need = {.segments = 0,
               .alignment = 0,
               .control_pages = control_page_bytes(host),
               .unpacked_initrd = request.unpacked_initrd,
               .working_memory = request.working_memory};
  plan.header = TRY(build_crash_header(host));
  Segment header = header_segment(plan, host);
  // Its address stands in the command line or the device tree, and it is not RAM.
  const Range header_range = header_place(header, usable);
  Range hidden = header_range;
  auto backup = TRY(backup_segment(plan, host, header, hidden));
  plan.command_line = final_command_line(serial.command_line, request, host, header_range.start);
  TRY(check_length(plan.command_line, request.kernel.command_line_max(), request.kernel.path));
  describe_memory(plan, host, hidden);
  TRY(place(plan, request, host, usable, std::move(header), std::move(backup)));
  TRY(check_half_of_ram(plan.need.segments, host.total_ram));
  TRY(check_segments(plan));
  return plan;
}

}  // namespace kdump::kexec
