// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/e820.h"

#include <algorithm>
#include <array>
#include <span>
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

// Where two types claim the same bytes, the one further down is less to be touched and wins.
constexpr std::array kWholeMachine = {
    std::pair{MemoryType::kSoftReserved, E820Type::kSoftReserved},
    std::pair{MemoryType::kPersistentLegacy, E820Type::kPram},
    std::pair{MemoryType::kPersistent, E820Type::kPmem},
    std::pair{MemoryType::kAcpiTables, E820Type::kAcpi},
    std::pair{MemoryType::kAcpiNvs, E820Type::kNvs},
    std::pair{MemoryType::kUnusable, E820Type::kUnusable},
    std::pair{MemoryType::kReserved, E820Type::kReserved},
};

// A panic kernel has no use for soft-reserved memory, and must not look at bad memory.
constexpr std::array kHandedOn = {
    std::pair{MemoryType::kPersistentLegacy, E820Type::kPram},
    std::pair{MemoryType::kPersistent, E820Type::kPmem},
    std::pair{MemoryType::kAcpiTables, E820Type::kAcpi},
    std::pair{MemoryType::kAcpiNvs, E820Type::kNvs},
    std::pair{MemoryType::kReserved, E820Type::kReserved},
};

std::vector<E820Entry> table_of(RangeSet ram,
                                const MemoryMap& map,
                                std::span<const std::pair<MemoryType, E820Type>> kept_types) {
  std::vector<std::pair<RangeSet, E820Type>> sets;
  sets.emplace_back(std::move(ram), E820Type::kRam);
  for (const auto& [memory_type, e820_type] : kept_types) {
    const RangeSet kept = map.of_type(memory_type);
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
    case E820Type::kUnusable:
      return "unusable";
    case E820Type::kPmem:
      return "persistent memory";
    case E820Type::kPram:
      return "persistent memory (legacy)";
    case E820Type::kSoftReserved:
      return "soft reserved";
  }
  return "unknown";
}

std::vector<E820Entry> crash_e820(const HostFacts& host, Range hidden) {
  return table_of(panic_kernel_ram(host, hidden), host.memory, kHandedOn);
}

std::vector<E820Entry> whole_e820(const HostFacts& host) {
  const MemoryMap& map = host.firmware_map.resources().empty() ? host.memory : host.firmware_map;
  return table_of(map.boot_ram(), map, kWholeMachine);
}

}  // namespace kdump::kexec::x86
