// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_mapping.h"

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

}  // namespace

Result<KernelMappings> mappings_of_kcore(const std::vector<ElfSegment>& segments) {
  std::optional<KernelMapping> kernel;
  std::optional<std::uint64_t> direct_map;
  std::uint64_t lowest = UINT64_MAX;
  for (const ElfSegment& segment : segments) {
    if (segment.type != PT_LOAD || segment.paddr == kNoPhysicalAddress) continue;
    if (segment.vaddr >= kKernelSpaceEnd) continue;
    if (segment.vaddr >= kKernelSpaceStart) {
      if (kernel) return unusable("two kernel images");
      kernel = KernelMapping{.start = VirtAddr(segment.vaddr),
                             .physical = PhysAddr(segment.paddr),
                             .size = segment.memory_size};
      continue;
    }
    const std::uint64_t delta = segment.vaddr - segment.paddr;
    if (direct_map && *direct_map != delta) return unusable("RAM is not mapped linearly");
    direct_map = delta;
    lowest = std::min(lowest, segment.vaddr);
  }
  if (!kernel) return unusable("no kernel image");
  if (!direct_map) return unusable("no RAM");
  return KernelMappings{.kernel = *kernel,
                        .direct_map = *direct_map,
                        .five_level_paging = lowest < kLowest4LevelAddress};
}

}  // namespace kdump::kexec
