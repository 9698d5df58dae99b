// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstdint>

namespace kdump {

/// An address or index of one kind. Kinds do not convert into each other or into integers; the only
/// roads between them are the named functions below. Differences and offsets are plain byte (or
/// page) counts.
template <typename Tag>
class Address {
 public:
  constexpr Address() = default;
  constexpr explicit Address(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  // clang-tidy 14 takes the defaulted comparison for a null pointer.
  friend constexpr auto operator<=>(Address, Address) = default;  // NOLINT(modernize-use-nullptr)

  constexpr Address& operator+=(std::uint64_t count) {
    value_ += count;
    return *this;
  }
  friend constexpr Address operator+(Address a, std::uint64_t count) {
    return Address(a.value_ + count);
  }
  friend constexpr Address operator-(Address a, std::uint64_t count) {
    return Address(a.value_ - count);
  }
  friend constexpr std::uint64_t operator-(Address a, Address b) { return a.value_ - b.value_; }

 private:
  std::uint64_t value_ = 0;
};

using PhysAddr = Address<struct PhysTag>;          ///< physical address, bytes
using VirtAddr = Address<struct VirtTag>;          ///< kernel virtual address, bytes
using Pfn = Address<struct PfnTag>;                ///< page frame number of the dumped kernel
using FileOffset = Address<struct FileOffsetTag>;  ///< offset in a file, bytes

/// log2 of the page size. It is data from the dump, never the running kernel's.
struct PageShift {
  unsigned bits = 12;
  [[nodiscard]] constexpr std::uint64_t page_size() const { return std::uint64_t{1} << bits; }
};

[[nodiscard]] constexpr Pfn to_pfn(PhysAddr address, PageShift shift) {
  return Pfn(address.value() >> shift.bits);
}
[[nodiscard]] constexpr PhysAddr to_phys(Pfn pfn, PageShift shift) {
  return PhysAddr(pfn.value() << shift.bits);
}

/// Power-of-two alignment. align_up wraps for values in the last `alignment` bytes of the 64-bit
/// space; callers that handle hostile values check first (base/checked_math.h).
[[nodiscard]] constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t alignment) {
  return value & ~(alignment - 1);
}
[[nodiscard]] constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return align_down(value + alignment - 1, alignment);
}

}  // namespace kdump

/// Addresses print as 0x-prefixed hexadecimal, page frame numbers too.
template <typename Tag>
struct fmt::formatter<kdump::Address<Tag>> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <typename Context>
  auto format(kdump::Address<Tag> address, Context& context) const {
    return fmt::format_to(context.out(), "{:#x}", address.value());
  }
};
