// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"
#include "kdumpctl/kexec/load_plan.h"

#include <algorithm>

namespace kdump::kexec {
namespace {

std::string range_text(Range range) {
  return fmt::format("{:#014x}-{:#014x}", range.start, range.end - 1);
}

void append_segments(std::string& out, const LoadPlan& plan) {
  out += "segments\n";
  for (const Segment& segment : plan.segments) {
    const std::uint64_t start = segment.address.value();
    out += fmt::format("  {}  {:<11}  {:>10}, {} bytes given\n",
                       range_text({start, start + segment.memory_size}),
                       segment.name,
                       format_size(segment.memory_size),
                       segment.bytes.size());
  }
  out += fmt::format("entry {}\n", plan.entry);
}

void append_memory(std::string& out, const LoadPlan& plan) {
  if (plan.machine == Machine::kArm64) {
    if (plan.usable.empty()) return;
    out += "memory that the panic kernel may use\n";
    for (const Range& range : plan.usable) out += fmt::format("  {}\n", range_text(range));
    return;
  }
  out +=
      fmt::format("memory map of the {} kernel\n", plan.kind == LoadKind::kPanic ? "panic" : "new");
  for (const x86::E820Entry& entry : plan.e820) {
    out += fmt::format("  {}  {}\n", range_text(entry.range), x86::to_string(entry.type));
  }
}

void append_dumped(std::string& out, const LoadPlan& plan) {
  using Kind = CoreSegment::Kind;
  const auto cpu_notes = std::count_if(plan.header.segments.begin(),
                                       plan.header.segments.end(),
                                       [](const auto& s) { return s.kind == Kind::kCpuNote; });
  out += fmt::format("memory that /proc/vmcore will show, and notes of {} CPUs\n", cpu_notes);
  for (const CoreSegment& segment : plan.header.segments) {
    if (segment.kind == Kind::kCpuNote) continue;
    out += fmt::format("  {}  ", range_text({segment.physical, segment.physical + segment.size}));
    switch (segment.kind) {
      case Kind::kVmcoreinfo:
        out += "vmcoreinfo\n";
        break;
      case Kind::kKernel:
        out += fmt::format("kernel at {:#x}\n", segment.virtual_address);
        break;
      default:
        out += fmt::format("RAM at {:#x}{}\n",
                           segment.virtual_address,
                           segment.saved_at != 0
                               ? fmt::format(", copied to {:#x} on the way", segment.saved_at)
                               : "");
    }
  }
}

void append_reservation(std::string& out, const LoadPlan& plan) {
  out +=
      fmt::format("reserved {} ({})\n", range_text(plan.region), format_size(plan.region.size()));
  if (plan.low_region) {
    out += fmt::format("reserved {} ({}, for DMA)\n",
                       range_text(*plan.low_region),
                       format_size(plan.low_region->size()));
  }
}

void append_need(std::string& out, const LoadPlan& plan) {
  if (plan.serial_port) {
    out +=
        fmt::format("the way into the panic kernel is told to the serial line at I/O port {:#x}\n",
                    *plan.serial_port);
  }
  out += fmt::format("hotplug {}\n",
                     plan.hotplug ? "followed by the kernel" : "needs a reload each time");
  out += fmt::format(
      "need {}: segments {}, alignment {}, for the jump {}, unpacked initrd {}, working memory "
      "{}\n",
      format_size(plan.need.total()),
      format_size(plan.need.segments),
      format_size(plan.need.alignment),
      format_size(plan.need.control_pages),
      format_size(plan.need.unpacked_initrd),
      format_size(plan.need.working_memory));
}

}  // namespace

std::string describe(const LoadPlan& plan) {
  const bool panic = plan.kind == LoadKind::kPanic;
  std::string out =
      fmt::format("{} {}\n", panic ? "panic kernel" : "kernel to reboot into", plan.kernel_path);
  if (panic) append_reservation(out, plan);
  append_segments(out, plan);
  append_memory(out, plan);
  if (panic) {
    append_dumped(out, plan);
    append_need(out, plan);
  }
  out += fmt::format("command line ({} bytes)\n  {}\n",
                     plan.command_line.size(),
                     escape_control(plan.command_line));
  return out;
}

}  // namespace kdump::kexec
