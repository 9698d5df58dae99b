// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/cmdline_editor.h"

#include "base/text.h"

namespace kdump::ctl {

void CmdlineEditor::remove(std::string_view name, std::string_view reason) {
  remove_if(
      [name](const config::CmdlineParameter& parameter) {
        return config::same_parameter_name(parameter.name, name);
      },
      reason);
}

void CmdlineEditor::remove_if(const std::function<bool(const config::CmdlineParameter&)>& unwanted,
                              std::string_view reason) {
  for (const config::CmdlineParameter& parameter : line_.remove_if(unwanted)) {
    changes_.push_back({CmdlineChange::Kind::kRemoved, parameter.text, std::string(reason)});
  }
}

void CmdlineEditor::add(const std::string& text, std::string_view reason) {
  if (trim(text).empty()) return;
  line_.append(text);
  changes_.push_back({CmdlineChange::Kind::kAdded, text, std::string(reason)});
}

}  // namespace kdump::ctl
