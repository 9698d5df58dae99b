// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/free_pages.h"

#include <algorithm>
#include <string_view>

namespace kdump::capture {
namespace {

// include/linux/numa.h: NODES_SHIFT is at most 10. include/linux/mmzone.h has at most six zones.
constexpr std::uint64_t kMaxNodes = 1024;
constexpr std::uint32_t kMaxZones = 8;
constexpr std::uint64_t kMaxStructSize = std::uint64_t{16} << 20U;
constexpr std::uint64_t kMaxCounter = 1024;
constexpr std::uint64_t kCounterSize = sizeof(std::uint64_t);

struct ZoneLayout {
  std::uint64_t node_zones = 0, nr_zones = 0, zone_size = 0, counter = 0;
  std::uint64_t counters = 1;  ///< that are added up, beside each other
};

Result<std::uint64_t> sane(std::optional<std::uint64_t> value,
                           std::uint64_t limit,
                           std::string_view key) {
  if (value && *value <= limit) return *value;
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable {}", key);
}

Result<ZoneLayout> resolve(const Vmcoreinfo& info, std::string_view first, std::string_view last) {
  ZoneLayout layout;
  layout.node_zones = TRY(sane(
      info.offset("pglist_data.node_zones"), kMaxStructSize, "OFFSET(pglist_data.node_zones)"));
  layout.nr_zones = TRY(
      sane(info.offset("pglist_data.nr_zones"), kMaxStructSize, "OFFSET(pglist_data.nr_zones)"));
  layout.zone_size = TRY(sane(info.size("zone"), kMaxStructSize, "SIZE(zone)"));
  const auto vm_stat =
      TRY(sane(info.offset("zone.vm_stat"), kMaxStructSize, "OFFSET(zone.vm_stat)"));
  const auto index = TRY(sane(info.number(first), kMaxCounter, fmt::format("NUMBER({})", first)));
  const auto end = TRY(sane(info.number(last), kMaxCounter, fmt::format("NUMBER({})", last)));
  if (end < index) return make_error(ErrorKind::kBadData, "{} is before {}", last, first);
  layout.counter = vm_stat + index * kCounterSize;
  layout.counters = end - index + 1;
  return layout;
}

Status add_node(VirtAddr node,
                const ZoneLayout& layout,
                const KernelMemory& memory,
                FreePageCount& count) {
  const auto zones = std::min(TRY(memory.read<std::uint32_t>(node + layout.nr_zones)), kMaxZones);
  for (std::uint32_t i = 0; i < zones; ++i) {
    for (std::uint64_t j = 0; j < layout.counters; ++j) {
      const auto pages = TRY(memory.read<std::int64_t>(
          node + layout.node_zones + i * layout.zone_size + layout.counter + j * kCounterSize));
      // Lag can make an empty zone's counter negative.
      if (pages > 0) count.pages += static_cast<std::uint64_t>(pages);
    }
    ++count.zones;
  }
  return {};
}

Result<FreePageCount> count_pages(const Vmcoreinfo& info,
                                  const KernelMemory& memory,
                                  const ZoneLayout& layout) {
  FreePageCount count;
  if (const auto single = info.symbol("contig_page_data")) {
    TRY(add_node(*single, layout, memory, count));
    return count;
  }
  const auto table = info.symbol("node_data");
  if (!table) {
    return make_error(ErrorKind::kNotFound,
                      "VMCOREINFO lacks SYMBOL(node_data) and SYMBOL(contig_page_data)");
  }
  const std::uint64_t nodes = TRY(sane(info.length("node_data"), kMaxNodes, "LENGTH(node_data)"));
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const auto node = TRY(memory.read<std::uint64_t>(*table + i * sizeof(std::uint64_t)));
    if (node != 0) TRY(add_node(VirtAddr(node), layout, memory, count));
  }
  return count;
}

}  // namespace

Result<FreePageCount> count_free_pages(const Vmcoreinfo& info, const KernelMemory& memory) {
  return count_pages(info, memory, TRY(resolve(info, "NR_FREE_PAGES", "NR_FREE_PAGES")));
}

Result<FreePageCount> count_lru_pages(const Vmcoreinfo& info, const KernelMemory& memory) {
  return count_pages(
      info, memory, TRY(resolve(info, "NR_ZONE_INACTIVE_ANON", "NR_ZONE_UNEVICTABLE")));
}

}  // namespace kdump::capture
