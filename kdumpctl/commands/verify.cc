// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/command.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/output.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/verify_checks.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kdump::ctl::commands {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const VerifyCheck& check) {
  const std::string line =
      fmt::format("{}  {}: {}", to_string(check.verdict), check.name, check.text);
  return check.remedy.empty() ? line + "\n" : fmt::format("{}. {}\n", line, check.remedy);
}

Json json_of(const std::vector<VerifyCheck>& checks) {
  Json out = Json::array();
  for (const VerifyCheck& check : checks) {
    out.push_back({{"check", check.name},
                   {"verdict", to_string(check.verdict)},
                   {"text", check.text},
                   {"remedy", check.remedy}});
  }
  return out;
}

}  // namespace

/// Whether a panic now would leave a dump, as far as that can be told without one.
Result<int> verify(const Context& context) {
  bool json = false;
  CLI::App app("Checks all that a dump depends on: exit code 1 when something fails.",
               "kdumpctl verify");
  app.add_flag("--json", json, "As JSON");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  TRY(check_is_root(context, "verify"));
  const std::vector<VerifyCheck> checks = run_verify_checks(context);
  std::string text;
  for (const VerifyCheck& check : checks) text += line_of(check);
  TRY(json ? print_json(json_of(checks)) : print_text(text));
  const bool failed = std::any_of(checks.begin(), checks.end(), [](const VerifyCheck& check) {
    return check.verdict == VerifyCheck::Verdict::kFail;
  });
  return failed ? kExitFailed : kExitOk;
}

}  // namespace kdump::ctl::commands
