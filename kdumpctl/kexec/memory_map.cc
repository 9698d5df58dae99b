// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/memory_map.h"

#include "base/checked_math.h"
#include "base/text.h"

#include <algorithm>

namespace kdump::kexec {
namespace {

// The names of arch/x86/kernel/e820.c (e820_type_to_string) and of kernel/crash_reserve.c; kernels
// before 4.x wrote "reserved".
MemoryType type_of(std::string_view name) {
  if (name.starts_with("System RAM")) return MemoryType::kSystemRam;
  if (name == "Crash kernel") return MemoryType::kCrashKernel;
  if (name == "ACPI Tables") return MemoryType::kAcpiTables;
  if (name == "ACPI Non-volatile Storage") return MemoryType::kAcpiNvs;
  if (name == "Reserved" || name == "reserved") return MemoryType::kReserved;
  if (name == "Soft Reserved") return MemoryType::kSoftReserved;
  if (name == "Persistent Memory") return MemoryType::kPersistent;
  if (name == "Persistent Memory (legacy)") return MemoryType::kPersistentLegacy;
  if (name == "Unusable memory") return MemoryType::kUnusable;
  if (name == "GART") return MemoryType::kGart;
  return MemoryType::kOther;
}

// "  00100000-3fffffff : System RAM", two blanks a level.
std::optional<MemoryResource> parse_line(std::string_view line) {
  const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t colon = line.find(" : ");
  if (colon == std::string_view::npos || colon < blanks) return std::nullopt;
  const auto ends = split(line.substr(blanks, colon - blanks), '-');
  if (ends.size() != 2) return std::nullopt;
  const auto start = parse_hex(ends[0]);
  const auto last = parse_hex(ends[1]);
  if (!start || !last || *last < *start) return std::nullopt;
  const auto end = checked_add<std::uint64_t>(*last, 1);
  if (!end) return std::nullopt;
  const std::string_view name = line.substr(colon + 3);
  return MemoryResource{.range = {*start, *end},
                        .depth = static_cast<unsigned>(blanks / 2),
                        .type = type_of(name),
                        .name = std::string(name)};
}

}  // namespace

Result<MemoryMap> MemoryMap::parse(std::string_view iomem) {
  MemoryMap map;
  std::size_t number = 0;
  bool all_zero = true;
  for (const std::string_view line : split_lines(iomem)) {
    ++number;
    auto resource = parse_line(line);
    if (!resource) {
      return make_error(ErrorKind::kBadData,
                        "/proc/iomem line {}: \"{}\" is not START-END : NAME",
                        number,
                        escape_control(line));
    }
    all_zero = all_zero && resource->range == Range{0, 1};
    map.resources_.push_back(*std::move(resource));
  }
  if (map.resources_.empty()) {
    return make_error(ErrorKind::kBadData, "/proc/iomem is empty: is /proc mounted?");
  }
  if (all_zero) {
    return make_error(ErrorKind::kUsage,
                      "/proc/iomem shows no addresses: only root (CAP_SYS_ADMIN) may see them");
  }
  return map;
}

RangeSet MemoryMap::of_type(MemoryType type) const {
  RangeSet set;
  for (const MemoryResource& resource : resources_) {
    if (resource.type == type) set.add(resource.range);
  }
  return set;
}

RangeSet MemoryMap::boot_ram() const {
  RangeSet set;
  for (const MemoryResource& resource : resources_) {
    if (resource.depth == 0 && resource.name == "System RAM") set.add(resource.range);
  }
  return set;
}

std::vector<Range> MemoryMap::crash_regions() const {
  std::vector<Range> regions;
  for (const MemoryResource& resource : resources_) {
    if (resource.type == MemoryType::kCrashKernel) regions.push_back(resource.range);
  }
  std::sort(regions.begin(), regions.end(), [](const Range& a, const Range& b) {
    return a.start < b.start;
  });
  return regions;
}

std::optional<Range> MemoryMap::crash_region() const {
  const auto regions = crash_regions();
  if (regions.empty()) return std::nullopt;
  return regions.back();
}

std::optional<Range> MemoryMap::low_crash_region() const {
  const auto regions = crash_regions();
  if (regions.size() < 2) return std::nullopt;
  return regions.front();
}

}  // namespace kdump::kexec
