// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/memory_need.h"

#include "base/address.h"
#include "base/text.h"

#include <algorithm>

namespace kdump::kexec {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr std::uint64_t kSwiotlb = 64 * kMiB;  // IO_TLB_DEFAULT_SIZE, include/linux/swiotlb.h

// Pieces of `unit` bytes (a power of two) that the ranges touch.
std::uint64_t pieces_touched(const RangeSet& ranges, std::uint64_t unit) {
  RangeSet pieces;
  for (const Range& range : ranges.ranges()) {
    pieces.add({range.start / unit, (range.end - 1) / unit + 1});
  }
  return pieces.total();
}

std::uint64_t whole_mib(std::uint64_t bytes) { return (bytes + kMiB - 1) / kMiB; }

}  // namespace

std::uint64_t control_page_bytes(const HostFacts& host) {
  // The firmware's tables, the EFI system table and the segments are mapped besides RAM; they lie
  // in a few places that the fixed part covers.
  constexpr std::uint64_t kFixedPages = 64;
  // arm64 enters a panic kernel without MMU (machine_kexec_post_load, IND_DONE).
  if (host.machine == Machine::kArm64) return kFixedPages * kPage;
  const RangeSet ram = host.memory.of_type(MemoryType::kSystemRam);
  // A page of page tables maps 1 GiB in 2 MiB pages or 512 GiB in 1 GiB pages; the ends of a range
  // that are no whole GiB are mapped in 2 MiB pages all the same (Linux 6.12, cc31744a2945).
  const std::uint64_t tables = host.gigabyte_pages
                                   ? pieces_touched(ram, 512 * kGiB) + 2 * ram.ranges().size()
                                   : pieces_touched(ram, 512 * kGiB) + pieces_touched(ram, kGiB);
  return (kFixedPages + tables) * kPage;
}

std::uint64_t Reservation::usable() const {
  const std::uint64_t low_bytes = low ? low->size() : 0;
  return region.size() + cma_bytes + (low_bytes > kSwiotlb ? low_bytes - kSwiotlb : 0);
}

Status check_fit(const MemoryNeed& need, const Reservation& reservation) {
  const std::uint64_t room = reservation.region.size();
  const std::uint64_t usable = reservation.usable();
  if (need.to_load() <= room && need.total() <= usable) return {};
  const std::uint64_t short_of = std::max(need.to_load() > room ? need.to_load() - room : 0,
                                          need.total() > usable ? need.total() - usable : 0);
  return make_error(ErrorKind::kUsage,
                    "the panic kernel does not fit: it needs {} MiB (loaded {}, for the jump {}, "
                    "unpacked image {}, working memory {}), {} MiB are reserved and usable; raise "
                    "crashkernel= by {} MiB and reboot, or make the image smaller",
                    whole_mib(need.total()),
                    format_size(need.segments + need.alignment),
                    format_size(need.control_pages),
                    format_size(need.unpacked_initrd),
                    format_size(need.working_memory),
                    usable / kMiB,
                    whole_mib(short_of));
}

Status check_half_of_ram(std::uint64_t segment_bytes, std::uint64_t total_ram) {
  if (segment_bytes <= total_ram / 2) return {};
  return make_error(ErrorKind::kUsage,
                    "the panic kernel takes {} MiB, and the kernel refuses more than half of the "
                    "memory in use ({} MiB): make the image smaller, or lower crashkernel= if it "
                    "is larger than needed",
                    whole_mib(segment_bytes),
                    total_ram / 2 / kMiB);
}

}  // namespace kdump::kexec
