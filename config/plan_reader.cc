// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/plan_reader.h"

#include "base/text.h"

#include <algorithm>

namespace kdump::config {
namespace {

constexpr std::size_t kMostElements = 4096;  // of any list

Result<std::string> text_of(const Json& value, const std::string& field_name) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr) return PlanReader::refuse(field_name, "is not a text");
  if (text->find('\0') != std::string::npos) {
    return PlanReader::refuse(field_name, "contains a NUL");
  }
  return *text;
}

}  // namespace

std::string PlanReader::name(std::string_view field) const {
  return where_.empty() ? std::string(field) : fmt::format("{}.{}", where_, field);
}

Status PlanReader::check_fields(const std::vector<std::string_view>& fields) const {
  if (!json_.is_object()) return refuse(where_.empty() ? "the plan" : where_, "is not an object");
  for (const auto& item : json_.items()) {
    if (std::find(fields.begin(), fields.end(), item.key()) == fields.end()) {
      return refuse(name(escape_control(item.key())), "is not a known field");
    }
  }
  return {};
}

Result<const Json*> PlanReader::field(std::string_view field_name) const {
  const auto found = json_.find(field_name);
  if (found == json_.end()) return refuse(name(field_name), "is missing");
  return &*found;
}

Result<std::string> PlanReader::text(std::string_view field_name) const {
  return text_of(*TRY(field(field_name)), name(field_name));
}

Result<std::string> PlanReader::non_empty(std::string_view field_name) const {
  std::string value = TRY(text(field_name));
  if (value.empty()) return refuse(name(field_name), "is empty");
  return value;
}

Result<std::string> PlanReader::path(std::string_view field_name) const {
  std::string value = TRY(text(field_name));
  if (!value.starts_with('/')) return refuse(name(field_name), "does not begin with '/'");
  for (const std::string_view part : split(value, '/')) {
    if (part == "..") return refuse(name(field_name), "contains '..'");
  }
  return value;
}

Result<std::uint64_t> PlanReader::number(std::string_view field_name) const {
  const Json& value = *TRY(field(field_name));
  const auto* unsigned_value = value.get_ptr<const Json::number_unsigned_t*>();
  if (unsigned_value == nullptr) return refuse(name(field_name), "is not a number of at least 0");
  return *unsigned_value;
}

Result<unsigned> PlanReader::number_in(std::string_view field_name,
                                       std::uint64_t least,
                                       std::uint64_t most) const {
  const std::uint64_t value = TRY(number(field_name));
  if (value < least || value > most) return refuse(name(field_name), "is out of range");
  return static_cast<unsigned>(value);
}

Result<bool> PlanReader::truth(std::string_view field_name) const {
  const Json& value = *TRY(field(field_name));
  const auto* truth = value.get_ptr<const Json::boolean_t*>();
  if (truth == nullptr) return refuse(name(field_name), "is neither true nor false");
  return *truth;
}

Result<const Json*> PlanReader::list(std::string_view field_name) const {
  const Json* value = TRY(field(field_name));
  if (!value->is_array()) return refuse(name(field_name), "is not a list");
  if (value->size() > kMostElements) return refuse(name(field_name), "has too many elements");
  return value;
}

Result<std::vector<std::string>> PlanReader::texts(std::string_view field_name) const {
  std::vector<std::string> out;
  const Json& elements = *TRY(list(field_name));
  for (const Json& element : elements) out.push_back(TRY(text_of(element, name(field_name))));
  return out;
}

Error PlanReader::refuse(std::string_view field_name, std::string_view why) {
  return make_error(ErrorKind::kBadData, "capture plan: {} {}", field_name, why);
}

}  // namespace kdump::config
