// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kdump::capture {

/// One thing that is said of a dump.
struct Field {
  std::string key;    ///< in JSON
  std::string label;  ///< for people; empty: JSON only
  std::variant<std::string, std::uint64_t, bool, std::vector<std::string>> value;
};

/// "label:   value" lines; control characters are escaped, since much comes from the dump itself.
[[nodiscard]] std::string fields_as_text(const std::vector<Field>& fields);

/// One JSON object (RFC 8259), a member a line. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string fields_as_json(const std::vector<Field>& fields);

}  // namespace kdump::capture
