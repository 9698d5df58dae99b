// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kdump::capture::test {

/// How kernels of one time fill struct page, written down from the kernel sources and not from
/// VMCOREINFO: what a toy kernel of that time does.
struct PageEra {
  /// How the order of a compound page is kept.
  enum class Order {
    kByteOfSecond,   ///< a byte of page[1]
    kFlagsOfSecond,  ///< the low byte of page[1].flags
  };
  enum class Hugetlb { kDestructor, kFlagOfSecond, kPageType };
  enum class Tail {
    kHeadAddress,  ///< address of the head plus 1
    kMask,         ///< a mask that depends on the order alone, bit 0 set
  };

  std::string name;
  std::string sample;  ///< file of tests/data/vmcoreinfo
  /// Changes of the sample's keys; nothing: the key is taken out.
  std::vector<std::pair<std::string, std::optional<std::string>>> edits;

  // Bits of flags.
  unsigned lru = 0, private_bit = 0, swap_cache = 0, swap_backed = 0, head = 0;
  std::optional<unsigned> slab_bit, hw_poison;
  // The 32-bit word that is _mapcount or page_type.
  std::uint32_t buddy = 0, offline = 0;
  std::optional<std::uint32_t> slab_type, hugetlb_type, unaccepted;
  Order order = Order::kByteOfSecond;
  unsigned order_offset = 0;  ///< kByteOfSecond
  Hugetlb hugetlb = Hugetlb::kDestructor;
  unsigned hugetlb_detail = 0;  ///< offset of the destructor byte, or the bit of page[1].flags
  std::uint8_t destructor = 0;
  Tail tail = Tail::kHeadAddress;
};

/// Every time from 4.18 (Red Hat Enterprise Linux 8) to 7.2 in which something changed.
const std::vector<PageEra>& page_eras();
/// One of them by name; aborts the test program when there is none.
const PageEra& page_era(const std::string& name);

}  // namespace kdump::capture::test
