// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/sysconfig.h"

#include "base/text.h"
#include "config/import_config.h"
#include "config/kernel_cmdline.h"
#include "config/plain_text.h"
#include "config/quoted_words.h"
#include "config/shell_assignments.h"
#include "config/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kdump::config {
namespace {

constexpr std::array<std::string_view, 14> kVariables = {
    "KDUMP_KERNELVER",
    "KDUMP_COMMANDLINE",
    "KDUMP_COMMANDLINE_REMOVE",
    "KDUMP_COMMANDLINE_APPEND",
    "FADUMP_COMMANDLINE_APPEND",
    "MKDUMPRD_ARGS",
    "KEXEC_ARGS",
    "KDUMP_BOOTDIR",
    "KDUMP_IMG",
    "KDUMP_IMG_EXT",
    "VMCORE_CREATION_NOTIFICATION",
    "KDUMP_STDLOGLVL",
    "KDUMP_SYSLOGLVL",
    "KDUMP_KMSGLOGLVL",
};

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  const auto line = KernelCommandLine::parse(text);
  for (const CmdlineParameter& parameter : line.parameters()) names.push_back(parameter.name);
  return names;
}

/// Gives assignments their meaning and notes every finding.
class SysconfigChecker {
 public:
  SysconfigChecker(std::string file, bool foreign, Sysconfig defaults)
      : file_(std::move(file)), foreign_(foreign) {
    checked_.settings = std::move(defaults);
    checked_.file = file_;
  }

  CheckedSysconfig check(ShellAssignments parsed);

 private:
  void check_name(const ShellAssignment& row, const ShellAssignment* before);
  void set(const ShellAssignment& row);
  void set_words(const ShellAssignment& row, std::vector<std::string>& setting);
  void set_level(const ShellAssignment& row, int& setting);
  void set_directory(const ShellAssignment& row);
  void set_notification(const ShellAssignment& row);
  void add(Severity severity, int line, std::string message, std::string remedy) {
    checked_.diagnostics.push_back({severity, file_, line, std::move(message), std::move(remedy)});
  }

  std::string file_;
  bool foreign_ = false;  ///< the file has variables of another distribution's kdump
  CheckedSysconfig checked_;
};

bool is_known(std::string_view name) {
  return std::find(kVariables.begin(), kVariables.end(), name) != kVariables.end();
}

void SysconfigChecker::check_name(const ShellAssignment& row, const ShellAssignment* before) {
  if (before != nullptr && before->line == row.line) {
    // NAME=irqpoll nr_cpus=1: the shell, too, takes the second word for another variable.
    return add(Severity::kError,
               row.line,
               fmt::format("'{}={}' stands outside the value of {}",
                           row.name,
                           escape_control(row.value),
                           before->name),
               fmt::format("Put the value of {} in double quotes", before->name));
  }
  const auto close = suggestion(row.name, sysconfig_variables());
  add(Severity::kWarning,
      row.line,
      fmt::format("{} is not a variable that kdump knows", row.name),
      close      ? fmt::format("Did you mean {}?", *close)
      : foreign_ ? "It is another distribution's: \"kdumpctl import-config\" reads such a file"
                 : "Remove the line");
}

void SysconfigChecker::set_words(const ShellAssignment& row, std::vector<std::string>& setting) {
  auto words = split_quoted_words(row.value);
  if (words) {
    setting = std::move(*words);
    return;
  }
  add(Severity::kError,
      row.line,
      fmt::format("the value of {} has {}", row.name, words.error().message),
      "Close the quote");
}

void SysconfigChecker::set_level(const ShellAssignment& row, int& setting) {
  if (row.value.empty()) return;
  const auto level = parse_unsigned(row.value);
  if (level && *level <= 4) {
    setting = static_cast<int>(*level);
    return;
  }
  add(Severity::kWarning,
      row.line,
      fmt::format("{} is not a log level: '{}'", row.name, escape_control(row.value)),
      fmt::format("Write a number from 0 (nothing) to 4 (everything); {} is used", setting));
}

void SysconfigChecker::set_directory(const ShellAssignment& row) {
  if (!row.value.empty() && !row.value.starts_with('/')) {
    return add(Severity::kError,
               row.line,
               fmt::format("{} is not an absolute path: '{}'", row.name, escape_control(row.value)),
               "Begin it with '/', or leave it empty to have the usual places searched");
  }
  checked_.settings.boot_directory = row.value;
}

void SysconfigChecker::set_notification(const ShellAssignment& row) {
  checked_.settings.vmcore_creation_notification = row.value != "no";
  if (row.value == "yes" || row.value == "no" || row.value.empty()) return;
  add(Severity::kWarning,
      row.line,
      fmt::format("the value '{}' of {} counts as yes", escape_control(row.value), row.name),
      "Write yes or no");
}

void SysconfigChecker::set(const ShellAssignment& row) {
  Sysconfig& settings = checked_.settings;
  checked_.lines[row.name] = row.line;
  if (row.name == "KDUMP_KERNELVER") {
    settings.kernel_version = row.value;
  } else if (row.name == "KDUMP_COMMANDLINE") {
    settings.commandline = row.value;
  } else if (row.name == "KDUMP_COMMANDLINE_REMOVE") {
    settings.commandline_remove = names_in(row.value);
  } else if (row.name == "KDUMP_COMMANDLINE_APPEND") {
    settings.commandline_append = row.value;
  } else if (row.name == "FADUMP_COMMANDLINE_APPEND") {
    settings.fadump_commandline_append = row.value;
  } else if (row.name == "MKDUMPRD_ARGS") {
    set_words(row, settings.mkdumprd_args);
  } else if (row.name == "KEXEC_ARGS") {
    set_words(row, settings.kexec_args);
    settings.kexec_args_line = row.line;
  } else if (row.name == "KDUMP_BOOTDIR") {
    set_directory(row);
  } else if (row.name == "KDUMP_IMG") {
    settings.image_name = row.value.empty() ? Sysconfig{}.image_name : row.value;
  } else if (row.name == "KDUMP_IMG_EXT") {
    settings.image_extension = row.value;
  } else if (row.name == "VMCORE_CREATION_NOTIFICATION") {
    set_notification(row);
  } else if (row.name == "KDUMP_STDLOGLVL") {
    set_level(row, settings.stderr_log_level);
  } else if (row.name == "KDUMP_SYSLOGLVL") {
    set_level(row, settings.syslog_level);
  } else if (row.name == "KDUMP_KMSGLOGLVL") {
    set_level(row, settings.kmsg_log_level);
  }
}

/// A value may go over several lines in the file; what it becomes is one line.
void join_lines(std::string& value) { std::replace(value.begin(), value.end(), '\n', ' '); }

CheckedSysconfig SysconfigChecker::check(ShellAssignments parsed) {
  checked_.diagnostics = std::move(parsed.diagnostics);
  const ShellAssignment* before = nullptr;
  for (ShellAssignment& row : parsed.assignments) {
    join_lines(row.value);
    if (!is_known(row.name)) {
      if (!row.referenced) check_name(row, before);
    } else if (const auto problem = text_problem(row.value)) {
      add(Severity::kError,
          row.line,
          fmt::format("the value of {} {}", row.name, *problem),
          "Write it anew");
    } else {
      if (row.replaces) {
        add(Severity::kWarning,
            row.line,
            fmt::format("{} is assigned again; only this value counts", row.name),
            "Keep one of the lines");
      }
      set(row);
    }
    before = &row;
  }
  std::stable_sort(checked_.diagnostics.begin(),
                   checked_.diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.line < b.line; });
  return std::move(checked_);
}

}  // namespace

std::vector<std::string_view> sysconfig_variables() {
  return {kVariables.begin(), kVariables.end()};
}

CheckedSysconfig check_sysconfig(std::string_view text,
                                 const std::string& file,
                                 std::string_view machine) {
  const bool foreign = recognise_foreign(text, file).has_value();
  return SysconfigChecker(file, foreign, sysconfig_defaults(machine))
      .check(parse_shell_assignments(without_byte_order_mark(text), file));
}

Result<CheckedSysconfig> load_sysconfig(const SysRoot& root, const std::string& path) {
  const auto text = root.read(path);
  if (text) return check_sysconfig(*text, root.path(path));
  if (text.error().kind != ErrorKind::kNotFound) return unreadable_file(text.error());
  return CheckedSysconfig{sysconfig_defaults(build_machine()), {}, root.path(path)};
}

}  // namespace kdump::config
