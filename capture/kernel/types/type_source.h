// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kdump::capture {

/// What some kind of debug information says about a kernel's types. Nothing: it does not say.
class TypeSource {
 public:
  virtual ~TypeSource() = default;

  /// Bytes of a struct, a union or a typedef.
  [[nodiscard]] virtual std::optional<std::uint64_t> size(std::string_view type) const = 0;
  /// Bytes from the start of a struct to a member; members of anonymous structs and unions in it
  /// count as its own. A bit-field is no answer.
  [[nodiscard]] virtual std::optional<std::uint64_t> offset(std::string_view type,
                                                            std::string_view member) const = 0;
  /// Elements of a member that is an array, in its outermost dimension.
  [[nodiscard]] virtual std::optional<std::uint64_t> length(std::string_view type,
                                                            std::string_view member) const = 0;
  /// Value of an enumerator of a named enum; negative ones as two's complement.
  [[nodiscard]] virtual std::optional<std::uint64_t> enumerator(std::string_view type,
                                                                std::string_view name) const = 0;
};

/// Where a kernel's symbols are.
class SymbolSource {
 public:
  virtual ~SymbolSource() = default;
  [[nodiscard]] virtual std::optional<VirtAddr> address(std::string_view name) const = 0;
};

}  // namespace kdump::capture
