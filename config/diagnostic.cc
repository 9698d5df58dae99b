// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

namespace kdump::config {
namespace {

std::string sentence(std::string_view text) {
  return std::string(text) + (text.ends_with('.') || text.ends_with('?') ? "" : ".");
}

}  // namespace

std::string Diagnostic::to_string() const {
  std::string out = line > 0 ? fmt::format("{}:{}: ", file, line) : fmt::format("{}: ", file);
  out += sentence(message);
  if (!remedy.empty()) out += " " + sentence(remedy);
  return out;
}

Error unreadable_file(const Error& error) {
  Error with_remedy = error;
  with_remedy.message += "; make it a regular file that root can read";
  return with_remedy;
}

void sort_by_place(Diagnostics& diagnostics) {
  std::stable_sort(
      diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::tie(a.file, a.line) < std::tie(b.file, b.line);
      });
}

bool has_errors(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::kError;
  });
}

}  // namespace kdump::config
