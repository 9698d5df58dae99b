// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/shell_assignments.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace kdump::config {
namespace {

constexpr std::string_view kOperators = "|&<>()";
/// What a backslash protects inside double quotes; before anything else it is itself.
constexpr std::string_view kEscapedInDoubleQuotes = "$`\"\\";
/// `A=$B$B`, `B=$A$A` ... doubles a value with each line; a command line has a few KiB.
constexpr std::size_t kLongestValue = std::size_t{64} << 10U;

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool in_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

class AssignmentReader {
 public:
  AssignmentReader(std::string_view text,
                   const std::string& file,
                   std::vector<ShellAssignment> before)
      : rest_(text), file_(file) {
    // Their lines are another file's.
    for (ShellAssignment& row : before) row.line = 0;
    result_.assignments = std::move(before);
  }

  ShellAssignments read() {
    while (!rest_.empty()) read_next();
    return std::move(result_);
  }

 private:
  void read_next();
  void read_assignment(std::string_view name, bool adds);
  void store(std::string_view name, bool adds, std::string value, int line);
  void read_value(std::string& value);
  void read_single_quoted(std::string& value);
  void read_double_quoted(std::string& value);
  void read_dollar(std::string& value, bool in_double_quotes);
  void refuse_word();
  void refuse_command();

  char take();
  bool take_continuation();
  void skip_line();
  void error(int line, std::string message, std::string remedy);
  [[nodiscard]] const ShellAssignment* latest(std::string_view name) const;

  std::string_view rest_;
  std::string file_;
  int line_ = 1;
  /// The assignment whose line is being read and could not be understood: one finding is enough.
  bool failed_ = false;
  ShellAssignments result_;
};

char AssignmentReader::take() {
  const char c = rest_.front();
  rest_.remove_prefix(1);
  if (c == '\n') ++line_;
  return c;
}

/// A backslash before the end of a line joins it with the next.
bool AssignmentReader::take_continuation() {
  if (!rest_.starts_with("\\\n")) return false;
  take();
  take();
  return true;
}

void AssignmentReader::skip_line() {
  while (!rest_.empty() && rest_.front() != '\n') take();
}

void AssignmentReader::error(int line, std::string message, std::string remedy) {
  if (failed_) return;
  failed_ = true;
  result_.diagnostics.push_back(
      {Severity::kError, file_, line, std::move(message), std::move(remedy)});
}

const ShellAssignment* AssignmentReader::latest(std::string_view name) const {
  const auto& all = result_.assignments;
  const auto found = std::find_if(
      all.rbegin(), all.rend(), [name](const ShellAssignment& row) { return row.name == name; });
  return found == all.rend() ? nullptr : &*found;
}

void AssignmentReader::read_next() {
  if (take_continuation()) return;
  const char c = rest_.front();
  if (c == '\n' || c == ';' || is_blank(c)) {
    take();
    if (c == '\n' || c == ';') failed_ = false;
    return;
  }
  if (c == '#') return skip_line();
  std::size_t length = 0;
  while (length < rest_.size() && in_name(rest_[length])) ++length;
  const std::string_view name = rest_.substr(0, length);
  const std::string_view after = rest_.substr(length);
  const bool adds = after.starts_with("+=");
  if (length > 0 && starts_name(name.front()) && (adds || after.starts_with('='))) {
    rest_.remove_prefix(length + (adds ? 2 : 1));
    return read_assignment(name, adds);
  }
  if (name == "export" && (after.empty() || is_blank(after.front()))) {
    rest_.remove_prefix(length);
    return;
  }
  refuse_word();
}

/// Most often a value with blanks and without quotes: NAME=irqpoll reset_devices.
void AssignmentReader::refuse_word() {
  const auto end = std::min(rest_.find_first_of(" \t\r\n"), rest_.size());
  const std::string word = escape_control(rest_.substr(0, end));
  const ShellAssignment* before =
      result_.assignments.empty() ? nullptr : &result_.assignments.back();
  const auto next = rest_.find_first_not_of(" \t", end);
  const bool has_blank = next != std::string_view::npos && next > end && rest_[next] == '=';
  if (has_blank) {
    error(line_,
          fmt::format("there is a blank before the '=' behind '{}'", word),
          fmt::format("Write it without: {}=\"...\"", word));
  } else if (before != nullptr && before->line == line_) {
    error(line_,
          fmt::format("'{}' stands outside the value of {}", word, before->name),
          fmt::format("Put the value in double quotes: {}=\"... {}\"", before->name, word));
  } else {
    error(
        line_,
        fmt::format("'{}' is not an assignment", word),
        "This file is read as NAME=\"value\" lines and not run as a shell script; remove the line "
        "or put a '#' before it");
  }
  skip_line();
}

void AssignmentReader::refuse_command() {
  error(line_, "a command substitution is not run here", "Write the value itself");
}

void AssignmentReader::read_assignment(std::string_view name, bool adds) {
  const int line = line_;
  std::string value;
  if (rest_.starts_with('~')) {
    error(line, "'~' is not expanded here", "Write the folder itself");
  }
  read_value(value);
  if (value.size() > kLongestValue) {
    error(line,
          fmt::format("the value of {} is longer than {} bytes", name, kLongestValue),
          "Shorten it");
  }
  if (!failed_) store(name, adds, std::move(value), line);
}

void AssignmentReader::store(std::string_view name, bool adds, std::string value, int line) {
  const ShellAssignment* before = latest(name);
  ShellAssignment row;
  row.name = std::string(name);
  row.value = adds && before != nullptr ? before->value + value : std::move(value);
  row.line = line;
  row.replaces = before != nullptr && !before->value.empty() && !adds && !before->referenced;
  result_.assignments.push_back(std::move(row));
}

void AssignmentReader::read_value(std::string& value) {
  while (!rest_.empty() && value.size() <= kLongestValue) {
    if (take_continuation()) continue;
    const char c = rest_.front();
    if (is_blank(c) || c == '\n' || c == ';') return;
    if (kOperators.find(c) != std::string_view::npos) {
      error(line_, fmt::format("unquoted '{}' in a value", c), "Put the value in double quotes");
    }
    take();
    switch (c) {
      case '\'':
        read_single_quoted(value);
        break;
      case '"':
        read_double_quoted(value);
        break;
      case '\\':
        if (!rest_.empty()) value += take();
        break;
      case '$':
        read_dollar(value, false);
        break;
      case '`':
        refuse_command();
        break;
      default:
        value += c;
    }
  }
}

void AssignmentReader::read_single_quoted(std::string& value) {
  const int line = line_;
  while (!rest_.empty()) {
    const char c = take();
    if (c == '\'') return;
    value += c;
  }
  error(line, "a single quote without its partner", "Close the quote at the end of the value");
}

void AssignmentReader::read_double_quoted(std::string& value) {
  const int line = line_;
  while (!rest_.empty() && value.size() <= kLongestValue) {
    if (take_continuation()) continue;
    const char c = take();
    if (c == '"') return;
    if (c == '$') {
      read_dollar(value, true);
    } else if (c == '`') {
      refuse_command();
    } else if (c == '\\' && !rest_.empty() &&
               kEscapedInDoubleQuotes.find(rest_.front()) != std::string_view::npos) {
      value += take();
    } else {
      value += c;
    }
  }
  if (value.size() > kLongestValue) return;  // the assignment says so
  error(line, "a double quote without its partner", "Close the quote at the end of the value");
}

/// Behind a `$`.
void AssignmentReader::read_dollar(std::string& value, bool in_double_quotes) {
  const bool braces = rest_.starts_with('{');
  std::string_view rest = rest_.substr(braces ? 1 : 0);
  std::size_t length = 0;
  while (length < rest.size() && in_name(rest[length])) ++length;
  const std::string_view name = rest.substr(0, length);
  if (!name.empty() && starts_name(name.front()) &&
      (!braces || rest.substr(length).starts_with('}'))) {
    rest_.remove_prefix(length + (braces ? 2 : 0));
    const ShellAssignment* variable = latest(name);
    if (variable == nullptr) {
      return error(line_,
                   fmt::format("${} is not assigned in this file before", name),
                   "Write the value itself, or \\$ for a dollar sign");
    }
    for (ShellAssignment& row : result_.assignments) row.referenced |= row.name == name;
    value += variable->value;
    return;
  }
  // Before anything that a shell does not act on, a dollar sign is itself.
  const std::string_view acted_on =
      in_double_quotes ? "({[@*#?$!-0123456789" : "'\"({[@*#?$!-0123456789";
  if (!rest_.empty() && acted_on.find(rest_.front()) != std::string_view::npos) {
    return error(line_,
                 "a shell substitution is not run here",
                 "Write the value itself, or \\$ for a dollar sign");
  }
  value += '$';
}

}  // namespace

ShellAssignments parse_shell_assignments(std::string_view text,
                                         const std::string& file,
                                         std::vector<ShellAssignment> before) {
  return AssignmentReader(text, file, std::move(before)).read();
}

}  // namespace kdump::config
