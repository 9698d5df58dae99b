// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kdump {

/// A value of LVM2's text format (lvm.conf(5)): a number, a text, or a list of these.
struct LvmValue;
using LvmList = std::vector<LvmValue>;
struct LvmValue {
  std::variant<std::int64_t, std::string, LvmList> value;
};

/// `name { ... }`: its values and sections by name.
struct LvmSection {
  std::map<std::string, LvmValue, std::less<>> values;
  std::map<std::string, LvmSection, std::less<>> sections;

  /// kBadData when it is absent or of another kind.
  [[nodiscard]] Result<std::int64_t> number(std::string_view name) const;
  [[nodiscard]] Result<std::string> text(std::string_view name) const;
  [[nodiscard]] Result<LvmList> list(std::string_view name) const;
  [[nodiscard]] Result<const LvmSection*> section(std::string_view name) const;
};

/// Text read from a disk of a crashed machine: nesting, size and number of elements are bounded;
/// kBadData names the byte where it is wrong.
Result<LvmSection> parse_lvm_text(std::string_view text);

}  // namespace kdump
