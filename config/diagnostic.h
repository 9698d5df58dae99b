// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <string>
#include <vector>

namespace kdump::config {

enum class Severity { kWarning, kError };

/// One finding about a configuration file. Checking never stops at the first: a person repairs them
/// all at once.
struct Diagnostic {
  Severity severity = Severity::kError;
  std::string file;     ///< path as the tool opened it
  int line = 0;         ///< 1-based; 0 when the finding is about the whole file
  std::string message;  ///< what is wrong
  std::string remedy;   ///< what to do about it; may be empty for warnings

  /// "FILE:LINE: MESSAGE. REMEDY." (":LINE" left out for line 0).
  [[nodiscard]] std::string to_string() const;
};

using Diagnostics = std::vector<Diagnostic>;

/// The error of reading a configuration file, with the remedy.
[[nodiscard]] Error unreadable_file(const Error& error);

/// By file and line; findings of one line stay in their order.
void sort_by_place(Diagnostics& diagnostics);

[[nodiscard]] bool has_errors(const Diagnostics& diagnostics);

}  // namespace kdump::config
