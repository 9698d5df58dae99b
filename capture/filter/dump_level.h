// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string_view>

namespace kdump::capture {

/// What a dump leaves out: the sum of these bits, as `makedumpfile -d` has always counted.
class DumpLevel {
 public:
  static constexpr std::uint32_t kZero = 1;          ///< pages filled with zero
  static constexpr std::uint32_t kCache = 2;         ///< page cache without private data
  static constexpr std::uint32_t kCachePrivate = 4;  ///< page cache, private data or not
  static constexpr std::uint32_t kUser = 8;          ///< anonymous and hugetlb memory of processes
  static constexpr std::uint32_t kFree = 16;         ///< free pages
  static constexpr std::uint32_t kAll = 31;

  constexpr DumpLevel() = default;
  constexpr explicit DumpLevel(std::uint32_t bits) : bits_(bits & kAll) {}

  /// "0" to "31"; anything else is kUsage.
  static Result<DumpLevel> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool excludes(std::uint32_t bit) const { return (bits_ & bit) != 0; }
  [[nodiscard]] constexpr DumpLevel without(std::uint32_t bits) const {
    return DumpLevel(bits_ & ~bits);
  }
  friend constexpr bool operator==(DumpLevel, DumpLevel) = default;

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace kdump::capture
