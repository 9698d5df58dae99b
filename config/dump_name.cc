// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/dump_name.h"

#include "base/text.h"

#include <algorithm>

namespace kdump::config {
namespace {

constexpr std::string_view kForm = "0000-00-00-00:00:00";

bool is_date(std::string_view text) {
  return text.size() == kForm.size() &&
         std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
           if (form == '0') return c >= '0' && c <= '9';
           return c == form || (form == ':' && c == '-');
         });
}

}  // namespace

std::string dump_date_of(std::string_view name) {
  // A host's name can have hyphens itself, so the date is looked for from the end.
  const std::size_t suffix = name.rfind('-');
  const bool numbered =
      suffix != std::string_view::npos && parse_unsigned(name.substr(suffix + 1)).has_value();
  for (const std::string_view whole : {name, numbered ? name.substr(0, suffix) : name}) {
    if (whole.size() <= kForm.size() + 1) continue;
    const std::string_view date = whole.substr(whole.size() - kForm.size());
    if (!is_date(date) || whole[whole.size() - kForm.size() - 1] != '-') continue;
    std::string out(date);
    std::replace(out.begin() + 13, out.end(), '-', ':');
    return out + std::string(name.substr(whole.size()));
  }
  return {};
}

}  // namespace kdump::config
