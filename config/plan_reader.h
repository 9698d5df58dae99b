// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

using Json = nlohmann::ordered_json;

/// One JSON object of the capture plan, read field by field; no access here can throw. Errors are
/// kBadData and name the field by its way from the top: "targets[0].device.by".
class PlanReader {
 public:
  PlanReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  [[nodiscard]] std::string name(std::string_view field) const;
  /// The object is one and has no other than these fields.
  [[nodiscard]] Status check_fields(const std::vector<std::string_view>& fields) const;
  [[nodiscard]] bool has(std::string_view field_name) const { return json_.contains(field_name); }
  [[nodiscard]] Result<const Json*> field(std::string_view field_name) const;
  /// Without a NUL, at which a system call would cut it.
  [[nodiscard]] Result<std::string> text(std::string_view field_name) const;
  [[nodiscard]] Result<std::string> non_empty(std::string_view field_name) const;
  /// Begins with '/' and has no "..".
  [[nodiscard]] Result<std::string> path(std::string_view field_name) const;
  [[nodiscard]] Result<std::uint64_t> number(std::string_view field_name) const;
  /// A number from `least` to `most`, both included; `most` fits in an unsigned.
  [[nodiscard]] Result<unsigned> number_in(std::string_view field_name,
                                           std::uint64_t least,
                                           std::uint64_t most) const;
  [[nodiscard]] Result<bool> truth(std::string_view field_name) const;
  /// At most 4096 elements.
  [[nodiscard]] Result<const Json*> list(std::string_view field_name) const;
  [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view field_name) const;

  /// The elements of a list, each read by `read_one(json, where)`.
  template <typename Read>
  [[nodiscard]] auto each(std::string_view field_name, Read read_one) const -> Result<
      std::vector<typename std::invoke_result_t<Read, const Json&, std::string>::value_type>> {
    std::vector<typename std::invoke_result_t<Read, const Json&, std::string>::value_type> out;
    const Json& elements = *TRY(list(field_name));
    for (const Json& element : elements) {
      out.push_back(TRY(read_one(element, fmt::format("{}[{}]", name(field_name), out.size()))));
    }
    return out;
  }

  static Error refuse(std::string_view field_name, std::string_view why);

 private:
  const Json& json_;
  std::string where_;
};

}  // namespace kdump::config
