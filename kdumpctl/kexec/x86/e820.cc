// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/e820.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kdump::kexec::x86 {
namespace {

// The first page belongs to the real-mode interrupt table and BIOS data.
constexpr Range kLowMemory{0x1000, 0x100000};

RangeSet panic_kernel_ram(const HostFacts& host, Range hidden) {
  RangeSet ram;
  const RangeSet system_ram = host.memory.of_type(MemoryType::kSystemRam);
  for (const Range& range : system_ram.ranges()) {
    ram.add({std::max(range.start, kLowMemory.start), std::min(range.end, kLowMemory.end)});
  }
  if (const auto low = host.memory.low_crash_region()) ram.add(*low);
  if (const auto region = host.memory.crash_region()) ram.add(*region);
  for (const Range& range : host.crash_cma) ram.add(range);
  ram.subtract(hidden);
  return ram;
}

}  // namespace

std::string_view to_string(E820Type type) {
  switch (type) {
    case E820Type::kRam:
      return "RAM";
    case E820Type::kReserved:
      return "reserved";
    case E820Type::kAcpi:
      return "ACPI tables";
    case E820Type::kNvs:
      return "ACPI NVS";
    case E820Type::kPmem:
      return "persistent memory";
    case E820Type::kPram:
      return "persistent memory (legacy)";
  }
  return "unknown";
}

std::vector<E820Entry> crash_e820(const HostFacts& host, Range hidden) {
  // Where two types claim the same bytes, the one further down is less to be touched and wins.
  constexpr std::array kKept = {
      std::pair{MemoryType::kPersistentLegacy, E820Type::kPram},
      std::pair{MemoryType::kPersistent, E820Type::kPmem},
      std::pair{MemoryType::kAcpiTables, E820Type::kAcpi},
      std::pair{MemoryType::kAcpiNvs, E820Type::kNvs},
      std::pair{MemoryType::kReserved, E820Type::kReserved},
  };
  std::vector<std::pair<RangeSet, E820Type>> sets;
  sets.emplace_back(panic_kernel_ram(host, hidden), E820Type::kRam);
  for (const auto& [memory_type, e820_type] : kKept) {
    const RangeSet kept = host.memory.of_type(memory_type);
    for (const Range& range : kept.ranges()) {
      for (auto& [set, type] : sets) set.subtract(range);
    }
    sets.emplace_back(kept, e820_type);
  }
  std::vector<E820Entry> entries;
  for (const auto& [set, type] : sets) {
    for (const Range& range : set.ranges()) entries.push_back({range, type});
  }
  std::sort(entries.begin(), entries.end(), [](const E820Entry& a, const E820Entry& b) {
    return a.range.start < b.range.start;
  });
  return entries;
}

}  // namespace kdump::kexec::x86
