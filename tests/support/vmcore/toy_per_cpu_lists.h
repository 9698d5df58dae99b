// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/support/vmcore/toy_kernel.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::capture::test {

/// Two processors in a finished toy kernel, with lists of free pages in the second of its zones, as
/// struct per_cpu_pages has them since 5.14.
class ToyPerCpuLists {
 public:
  static constexpr unsigned kNext = 8, kPrevious = 16;  ///< of page.lru
  static constexpr unsigned kRefcount = 52;

  explicit ToyPerCpuLists(ToyKernel& kernel);

  /// The head of a processor's list.
  [[nodiscard]] VirtAddr head(unsigned cpu, unsigned list) const;
  void put(VirtAddr at, std::uint64_t value);
  /// A circular list of free pages.
  void link(VirtAddr head, const std::vector<std::uint64_t>& pages);
  void count(unsigned cpu, std::uint32_t pages);
  /// Of the first: two pages, one page, one block of eight and a huge page; of the second: two
  /// pages.
  void fill();

 private:
  void symbol(const char* name, VirtAddr address);

  ToyKernel& kernel_;
  std::vector<PhysAddr> areas_;
};

}  // namespace kdump::capture::test
