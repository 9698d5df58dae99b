// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/kernel_cmdline.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl {

struct CmdlineChange {
  enum class Kind { kRemoved, kAdded };
  Kind kind = Kind::kRemoved;
  std::string text;    ///< the words, as written
  std::string reason;  ///< "KDUMP_COMMANDLINE_REMOVE", "the capture image decides what is mounted"
  friend bool operator==(const CmdlineChange&, const CmdlineChange&) = default;
};

struct EditedCommandLine {
  std::string text;
  std::vector<CmdlineChange> changes;
};

/// Edits a kernel command line and remembers why. All other words stay as they are, in their order.
class CmdlineEditor {
 public:
  explicit CmdlineEditor(std::string_view text) : line_(config::KernelCommandLine::parse(text)) {}

  void remove(std::string_view name, std::string_view reason);
  void remove_if(const std::function<bool(const config::CmdlineParameter&)>& unwanted,
                 std::string_view reason);
  void add(const std::string& text, std::string_view reason);

  [[nodiscard]] const config::KernelCommandLine& line() const { return line_; }
  EditedCommandLine finish() && { return {line_.to_string(), std::move(changes_)}; }

 private:
  config::KernelCommandLine line_;
  std::vector<CmdlineChange> changes_;
};

}  // namespace kdump::ctl
