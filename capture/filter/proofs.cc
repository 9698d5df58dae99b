// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/proofs.h"

#include "capture/kernel/free_pages.h"

#include <algorithm>
#include <array>
#include <optional>

namespace kdump::capture {
namespace {

// One part in this many more than the kernel counts is no contradiction: pages that are being
// isolated are on no list, or on lists but not counted.
constexpr std::uint64_t kFreeTolerance = 50;
constexpr std::uint64_t kLruTolerance = 16;
// Pages may wait in a CPU's batch for their LRU list (mm/swap.c: PAGEVEC_SIZE, 31 at most), one
// batch for each of six purposes.
constexpr std::uint64_t kBatched = std::uint64_t{6} * 31;
// One damaged struct page in so many says nothing about the others.
constexpr std::uint64_t kDamageTolerance = 64;

constexpr std::uint32_t kListed = DumpLevel::kCache | DumpLevel::kCachePrivate | DumpLevel::kUser;

std::uint64_t sum(const std::array<std::uint64_t, kPageClasses>& counts,
                  std::initializer_list<PageClass> classes) {
  std::uint64_t pages = 0;
  for (const PageClass each : classes) pages += counts[static_cast<std::size_t>(each)];
  return pages;
}

std::optional<FailedProof> prove_free(const Vmcoreinfo& info,
                                      const KernelMemory& memory,
                                      std::uint64_t cpus,
                                      const FilterCounts& counts) {
  // What waits on a processor's list is not counted.
  const std::uint64_t found =
      sum(counts.excluded, {PageClass::kFree, PageClass::kUnaccepted}) - counts.per_cpu_free;
  if (counts.wild_blocks > (counts.free_blocks + counts.wild_blocks) / kDamageTolerance) {
    return FailedProof{DumpLevel::kFree,
                       fmt::format("{} of {} free blocks have an impossible order",
                                   counts.wild_blocks,
                                   counts.free_blocks + counts.wild_blocks)};
  }
  const auto counted = count_free_pages(info, memory);
  if (!counted) return std::nullopt;
  const std::uint64_t lag = kCounterLag * cpus * counted->zones;
  if (found <= counted->pages + counted->pages / kFreeTolerance + lag) return std::nullopt;
  return FailedProof{
      DumpLevel::kFree,
      fmt::format("{} free pages found, but the kernel counts {}", found, counted->pages)};
}

std::optional<FailedProof> prove_listed(const Vmcoreinfo& info,
                                        const KernelMemory& memory,
                                        std::uint64_t cpus,
                                        const FilterCounts& counts) {
  const auto counted = count_lru_pages(info, memory);
  if (!counted) return std::nullopt;
  const std::uint64_t found =
      sum(counts.excluded, {PageClass::kCache, PageClass::kCachePrivate, PageClass::kUser}) -
      counts.hugetlb;
  const std::uint64_t lag = cpus * (kCounterLag * counted->zones + kBatched);
  if (found <= counted->pages + counted->pages / kLruTolerance + lag) return std::nullopt;
  return FailedProof{
      kListed,
      fmt::format("{} of them found, but the kernel's lists have {}", found, counted->pages)};
}

std::optional<FailedProof> prove_known(const MemMapSource& source, const FilterCounts& counts) {
  const std::uint64_t free = sum(counts.contradicted, {PageClass::kFree, PageClass::kUnaccepted});
  const std::uint64_t listed =
      sum(counts.contradicted, {PageClass::kCache, PageClass::kCachePrivate, PageClass::kUser});
  const std::uint64_t all = source.certain().total();
  FailedProof failed;
  if (free > all / kDamageTolerance) failed.bits |= DumpLevel::kFree;
  if (listed > all / kDamageTolerance) failed.bits |= kListed;
  if (failed.bits == 0) return std::nullopt;
  failed.reason =
      fmt::format("{} of {} pages that are surely in use look like these", free + listed, all);
  return failed;
}

}  // namespace

std::vector<FailedProof> prove_selection(const MemMapSource& source,
                                         const Vmcoreinfo& info,
                                         const KernelMemory& memory,
                                         std::uint64_t cpus,
                                         const FilterCounts& counts) {
  cpus = std::max<std::uint64_t>(cpus, 1);
  std::vector<FailedProof> failed;
  for (auto& proof : {prove_free(info, memory, cpus, counts),
                      prove_listed(info, memory, cpus, counts),
                      prove_known(source, counts)}) {
    if (proof) failed.push_back(*proof);
  }
  return failed;
}

Status prove_translation(const Vmcoreinfo& info, const KernelMemory& memory) {
  const auto start = info.symbol("_stext");
  if (!start) return {};
  const auto known = memory.translate(*start);
  const auto walked = memory.walk(*start);
  if (!known || !walked || known->phys == walked->phys) return {};
  return make_error(ErrorKind::kBadData,
                    "the kernel's text is at {} by VMCOREINFO, but at {} by its page tables",
                    known->phys,
                    walked->phys);
}

std::string excluded_by(std::uint32_t bits) {
  if (bits == DumpLevel::kFree) return "free pages";
  if (bits == kListed) return "pages of the page cache and of processes";
  return "free pages and those of the page cache and of processes";
}

}  // namespace kdump::capture
