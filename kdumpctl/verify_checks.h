// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/context.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// One thing that must hold for a panic to leave a dump.
struct VerifyCheck {
  enum class Verdict { kPass, kFail, kSkipped };
  std::string name;  ///< "configuration", "reservation" ...
  Verdict verdict = Verdict::kPass;
  std::string text;    ///< what was found, or why it could not be looked at
  std::string remedy;  ///< for kFail
};

/// All of them, each as far as those before it allow. Changes nothing but the record of the target
/// check.
std::vector<VerifyCheck> run_verify_checks(const Context& context);

/// "PASS", "FAIL", "SKIP".
[[nodiscard]] const char* to_string(VerifyCheck::Verdict verdict);

}  // namespace kdump::ctl
