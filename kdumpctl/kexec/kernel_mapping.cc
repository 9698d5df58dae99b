// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_mapping.h"

#include <algorithm>
#include <elf.h>
#include <optional>

namespace kdump::kexec {
namespace {

constexpr std::uint64_t kKernelSpaceStart = 0xffffffff80000000;  // __START_KERNEL_map
constexpr std::uint64_t kKernelSpaceEnd = 0xffffffffc0000000;    // KERNEL_IMAGE_SIZE behind it
constexpr std::uint64_t kLowest4LevelAddress = 0xffff800000000000;
constexpr std::uint64_t kNoPhysicalAddress = UINT64_MAX;

Error unusable(std::string_view why) {
  return make_error(ErrorKind::kUnsupported,
                    "/proc/kcore does not show how this kernel is mapped ({}): the vmcore would be "
                    "unreadable",
                    why);
}

std::uint64_t delta(const ElfSegment& segment) { return segment.vaddr - segment.paddr; }

// Whether `inner` shows a part of the memory of `outer` at another address.
bool shown_twice(const ElfSegment& inner, const ElfSegment& outer) {
  return delta(inner) != delta(outer) && inner.paddr >= outer.paddr &&
         inner.memory_size < outer.memory_size &&
         inner.paddr - outer.paddr <= outer.memory_size - inner.memory_size;
}

bool is_kernel_image(const ElfSegment& segment,
                     const std::vector<ElfSegment>& mapped,
                     Machine machine) {
  if (machine == Machine::kX86) return segment.vaddr >= kKernelSpaceStart;
  return std::any_of(mapped.begin(), mapped.end(), [&](const ElfSegment& other) {
    return shown_twice(segment, other);
  });
}

}  // namespace

Result<KernelMappings> mappings_of_kcore(const std::vector<ElfSegment>& segments, Machine machine) {
  std::vector<ElfSegment> mapped;
  for (const ElfSegment& segment : segments) {
    if (segment.type != PT_LOAD || segment.paddr == kNoPhysicalAddress) continue;
    if (machine == Machine::kX86 && segment.vaddr >= kKernelSpaceEnd) continue;
    mapped.push_back(segment);
  }
  std::optional<KernelMapping> kernel;
  std::optional<std::uint64_t> direct_map;
  std::uint64_t lowest = UINT64_MAX;
  for (const ElfSegment& segment : mapped) {
    if (is_kernel_image(segment, mapped, machine)) {
      if (kernel) return unusable("two kernel images");
      kernel = KernelMapping{.start = VirtAddr(segment.vaddr),
                             .physical = PhysAddr(segment.paddr),
                             .size = segment.memory_size};
      continue;
    }
    if (direct_map && *direct_map != delta(segment)) return unusable("RAM is not mapped linearly");
    direct_map = delta(segment);
    lowest = std::min(lowest, segment.vaddr);
  }
  if (!kernel) return unusable("no kernel image");
  if (!direct_map) return unusable("no RAM");
  return KernelMappings{
      .kernel = *kernel,
      .direct_map = *direct_map,
      .five_level_paging = machine == Machine::kX86 && lowest < kLowest4LevelAddress};
}

}  // namespace kdump::kexec
