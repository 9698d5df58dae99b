// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/command_line.h"
#include "kdumpctl/kexec/layout.h"
#include "kdumpctl/kexec/load_plan.h"
#include "kdumpctl/kexec/memory_need.h"

#include <algorithm>
#include <utility>

namespace kdump::kexec {
namespace {

// Below it lie the real-mode trampolines and tables of both kernels.
constexpr std::uint64_t kLowMemoryEnd = std::uint64_t{1} << 20U;

// Without anything that the running kernel has marked inside: firmware tables, reservations of
// drivers, the panic kernel, memory that a driver added.
RangeSet usable_ram(const HostFacts& host, Range window) {
  RangeSet ram = host.memory.boot_ram();
  for (const MemoryResource& resource : host.memory.resources()) {
    if (resource.depth > 0 || resource.type != MemoryType::kSystemRam) ram.subtract(resource.range);
  }
  ram.subtract({0, std::max(kLowMemoryEnd, window.start)});
  if (window.end < UINT64_MAX) ram.subtract({window.end, UINT64_MAX});
  const std::uint64_t page = segment_alignment(host.machine);
  RangeSet whole_pages;
  for (const Range& range : ram.ranges()) {
    const Range inner{align_up(range.start, page), align_down(range.end, page)};
    if (!inner.empty()) whole_pages.add(inner);
  }
  return whole_pages;
}

}  // namespace

Result<LoadPlan> plan_normal_load(const NormalLoadRequest& request, const HostFacts& host) {
  TRY(check_kernel_for_host(request.kernel, host));
  TRY(check_parameters(request.command_line));

  LoadPlan plan;
  plan.kind = LoadKind::kReboot;
  plan.machine = host.machine;
  plan.kernel_path = request.kernel.path;
  plan.total_ram = host.total_ram;
  plan.room = usable_ram(host, request.window);
  plan.command_line = with_acpi_root(request.command_line, request.kernel, host);
  TRY(check_length(plan.command_line, request.kernel.command_line_max(), request.kernel.path));
  if (host.machine == Machine::kX86) plan.e820 = x86::whole_e820(host);

  const LayoutRequest wanted{.kernel = request.kernel,
                             .initrd = request.initrd,
                             .host = host,
                             .rng_seed = request.rng_seed,
                             .command_line = plan.command_line,
                             .e820 = plan.e820,
                             .efi_runtime = request.efi_runtime,
                             .usable = plan.usable};
  Layout layout = TRY(draft_layout(wanted));
  TRY(check_half_of_ram(layout.memory_size(), host.total_ram));
  FreeMemory memory(plan.room, "in this host's RAM", "choose a smaller initrd");
  TRY(place_layout(std::move(layout), wanted, memory, plan));
  TRY(check_segments(plan));
  return plan;
}

}  // namespace kdump::kexec
