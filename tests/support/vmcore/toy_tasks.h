// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/support/vmcore/toy_kernel.h"

#include <cstdint>

namespace kdump::capture::test {

/// The tasks of a toy kernel. Their structs are at the start of the pages 0x9200 to 0x9203, with
/// stacks of four pages from 0x9300 on, 16 pages apart.
class ToyTasks {
 public:
  explicit ToyTasks(ToyKernel& kernel) : kernel_(kernel) {}

  /// init_task -> 0x9201 -> 0x9202 -> init_task; 0x9203 is a thread of 0x9202.
  void add();
  /// `to` follows `from` in the list of tasks.
  void link(std::uint64_t from, std::uint64_t to);
  /// A pointer in the page.
  void put(std::uint64_t pfn, std::uint64_t offset, VirtAddr value);
  [[nodiscard]] VirtAddr direct(std::uint64_t pfn) const;
  static constexpr std::uint64_t kTasks = 16, kStack = 32, kSignal = 40, kThreadNode = 48;

 private:
  ToyKernel& kernel_;
};

}  // namespace kdump::capture::test
