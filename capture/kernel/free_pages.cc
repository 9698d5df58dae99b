// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/free_pages.h"

#include "capture/kernel/zones.h"

#include <optional>
#include <string_view>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kMaxStructSize = std::uint64_t{16} << 20U;
constexpr std::uint64_t kMaxCounter = 1024;

Result<std::uint64_t> sane(std::optional<std::uint64_t> value,
                           std::uint64_t limit,
                           std::string_view key) {
  if (value && *value <= limit) return *value;
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable {}", key);
}

/// The sum of the counters from `first` to `last`, which stand beside each other.
Result<FreePageCount> count_pages(const Vmcoreinfo& info,
                                  const KernelMemory& memory,
                                  std::string_view first,
                                  std::string_view last) {
  const auto vm_stat =
      TRY(sane(info.offset("zone.vm_stat"), kMaxStructSize, "OFFSET(zone.vm_stat)"));
  const auto index = TRY(sane(info.number(first), kMaxCounter, fmt::format("NUMBER({})", first)));
  const auto end = TRY(sane(info.number(last), kMaxCounter, fmt::format("NUMBER({})", last)));
  if (end < index) return make_error(ErrorKind::kBadData, "{} is before {}", last, first);
  FreePageCount count;
  for (const VirtAddr zone : TRY(find_zones(info, memory))) {
    for (std::uint64_t i = index; i <= end; ++i) {
      const auto pages = TRY(memory.read<std::int64_t>(zone + vm_stat + i * sizeof(std::int64_t)));
      // Lag can make an empty zone's counter negative.
      if (pages > 0) count.pages += static_cast<std::uint64_t>(pages);
    }
    ++count.zones;
  }
  return count;
}

}  // namespace

Result<FreePageCount> count_free_pages(const Vmcoreinfo& info, const KernelMemory& memory) {
  return count_pages(info, memory, "NR_FREE_PAGES", "NR_FREE_PAGES");
}

Result<FreePageCount> count_lru_pages(const Vmcoreinfo& info, const KernelMemory& memory) {
  return count_pages(info, memory, "NR_ZONE_INACTIVE_ANON", "NR_ZONE_UNEVICTABLE");
}

}  // namespace kdump::capture
