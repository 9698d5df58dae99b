// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

/// One word of a kernel command line, kept exactly as written.
struct CmdlineParameter {
  std::string text;                  ///< as written, quotes included: dyndbg="file a.c +p"
  std::string name;                  ///< up to the first '=', quotes removed
  std::optional<std::string> value;  ///< after it, quotes removed; nothing without '='
};

/// A kernel command line as lib/cmdline.c's next_arg() reads it: words end at blanks outside double
/// quotes; there is no escape character. Names are compared whole, with '-' and '_' equal
/// (kernel/params.c, parameqn()).
class KernelCommandLine {
 public:
  static KernelCommandLine parse(std::string_view text);

  [[nodiscard]] const std::vector<CmdlineParameter>& parameters() const { return parameters_; }
  /// The last kernel parameter of that name, which is the one that counts for most; words after
  /// `--` belong to init and are not looked at.
  [[nodiscard]] const CmdlineParameter* find(std::string_view name) const;
  /// Removes every word of that name, after `--` too (the kernel's early parsers, crashkernel=
  /// among them, do not know `--`); returns what was removed.
  std::vector<CmdlineParameter> remove(std::string_view name);
  /// Removes every word, before and after `--`, for which `unwanted` holds; returns them.
  std::vector<CmdlineParameter> remove_if(
      const std::function<bool(const CmdlineParameter&)>& unwanted);
  /// Appends the words of `text`, in their order, each as written. Kernel parameters go before a
  /// `--`, since all after it are arguments of init.
  void append(std::string_view text);
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<CmdlineParameter> parameters_;
};

[[nodiscard]] bool same_parameter_name(std::string_view a, std::string_view b);

}  // namespace kdump::config
