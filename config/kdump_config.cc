// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/kdump_config.h"

#include <array>

namespace kdump::config {
namespace {

template <typename Action>
struct ActionName {
  Action action;
  const char* name;
};

constexpr std::array<ActionName<FailureAction>, 5> kFailureActions = {{
    {FailureAction::kReboot, "reboot"},
    {FailureAction::kHalt, "halt"},
    {FailureAction::kPoweroff, "poweroff"},
    {FailureAction::kShell, "shell"},
    {FailureAction::kDumpToRootfs, "dump_to_rootfs"},
}};

constexpr std::array<ActionName<FinalAction>, 3> kFinalActions = {{
    {FinalAction::kReboot, "reboot"},
    {FinalAction::kHalt, "halt"},
    {FinalAction::kPoweroff, "poweroff"},
}};

template <typename Table, typename Action>
const char* name_of(const Table& table, Action action) {
  for (const auto& row : table) {
    if (row.action == action) return row.name;
  }
  return "reboot";  // no enumerator is absent from its table; a value cast from elsewhere is safe
}

template <typename Action, std::size_t kRows>
std::optional<Action> action_of(const std::array<ActionName<Action>, kRows>& table,
                                std::string_view name) {
  for (const auto& row : table) {
    if (row.name == name) return row.action;
  }
  return std::nullopt;
}

}  // namespace

const char* to_string(FailureAction action) { return name_of(kFailureActions, action); }
const char* to_string(FinalAction action) { return name_of(kFinalActions, action); }

std::optional<FailureAction> parse_failure_action(std::string_view name) {
  return action_of(kFailureActions, name);
}

std::optional<FinalAction> parse_final_action(std::string_view name) {
  return action_of(kFinalActions, name);
}

}  // namespace kdump::config
