// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/zones.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace kdump::capture {
namespace {

// include/linux/numa.h: NODES_SHIFT is at most 10. include/linux/mmzone.h has at most six zones.
constexpr std::uint64_t kMaxNodes = 1024;
constexpr std::uint32_t kMaxZones = 8;
constexpr std::uint64_t kMaxStructSize = std::uint64_t{16} << 20U;

Result<std::uint64_t> sane(std::optional<std::uint64_t> value,
                           std::uint64_t limit,
                           std::string_view key) {
  if (value && *value <= limit) return *value;
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable {}", key);
}

}  // namespace

Result<std::vector<VirtAddr>> find_zones(const Vmcoreinfo& info, const KernelMemory& memory) {
  const auto node_zones = TRY(sane(
      info.offset("pglist_data.node_zones"), kMaxStructSize, "OFFSET(pglist_data.node_zones)"));
  const auto nr_zones = TRY(
      sane(info.offset("pglist_data.nr_zones"), kMaxStructSize, "OFFSET(pglist_data.nr_zones)"));
  const auto zone_size = TRY(sane(info.size("zone"), kMaxStructSize, "SIZE(zone)"));
  std::vector<VirtAddr> zones;
  const auto add_node = [&](VirtAddr node) -> Status {
    const auto count = std::min(TRY(memory.read<std::uint32_t>(node + nr_zones)), kMaxZones);
    for (std::uint32_t i = 0; i < count; ++i) zones.push_back(node + node_zones + i * zone_size);
    return {};
  };
  if (const auto single = info.symbol("contig_page_data")) {
    TRY(add_node(*single));
    return zones;
  }
  const auto table = info.symbol("node_data");
  if (!table) {
    return make_error(ErrorKind::kNotFound,
                      "VMCOREINFO lacks SYMBOL(node_data) and SYMBOL(contig_page_data)");
  }
  const std::uint64_t nodes = TRY(sane(info.length("node_data"), kMaxNodes, "LENGTH(node_data)"));
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const auto node = TRY(memory.read<std::uint64_t>(*table + i * sizeof(std::uint64_t)));
    if (node != 0) TRY(add_node(VirtAddr(node)));
  }
  return zones;
}

}  // namespace kdump::capture
