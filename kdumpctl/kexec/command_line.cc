// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/command_line.h"

#include "base/text.h"

#include <algorithm>

namespace kdump::kexec {
namespace {

constexpr std::size_t kShownParameters = 3;
constexpr std::size_t kShownBytes = 40;

std::string shortened(std::string_view parameter) {
  if (parameter.size() <= kShownBytes) return escape_control(parameter);
  return escape_control(parameter.substr(0, kShownBytes)) + "...";
}

}  // namespace

std::vector<std::string_view> split_parameters(std::string_view command_line) {
  std::vector<std::string_view> parameters;
  std::size_t start = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= command_line.size(); ++i) {
    const bool at_end = i == command_line.size();
    if (!at_end && command_line[i] == '"') quoted = !quoted;
    const bool blank = !at_end && (command_line[i] == ' ' || command_line[i] == '\t');
    if (!at_end && (!blank || quoted)) continue;
    if (i > start) parameters.push_back(command_line.substr(start, i - start));
    start = i + 1;
  }
  return parameters;
}

Status check_parameters(std::string_view command_line) {
  if (command_line.find('\0') != std::string_view::npos ||
      command_line.find('\n') != std::string_view::npos) {
    return make_error(ErrorKind::kUsage,
                      "the new kernel's command line holds a line break or a NUL byte; remove it");
  }
  if (std::count(command_line.begin(), command_line.end(), '"') % 2 != 0) {
    return make_error(ErrorKind::kUsage,
                      "the new kernel's command line has an odd number of double quotes; close "
                      "the open one");
  }
  for (const std::string_view parameter : split_parameters(command_line)) {
    if (parameter.starts_with("elfcorehdr=")) {
      return make_error(ErrorKind::kUsage,
                        "remove \"{}\" from the new kernel's command line: the loader sets it",
                        escape_control(parameter));
    }
  }
  return {};
}

Status check_length(std::string_view command_line,
                    std::uint64_t limit,
                    const std::string& kernel_path) {
  if (command_line.size() <= limit) return {};
  auto parameters = split_parameters(command_line);
  std::stable_sort(
      parameters.begin(), parameters.end(), [](auto a, auto b) { return a.size() > b.size(); });
  parameters.resize(std::min(parameters.size(), kShownParameters));
  std::string longest;
  for (const std::string_view parameter : parameters) {
    if (!longest.empty()) longest += ", ";
    longest += fmt::format("{} ({} bytes)", shortened(parameter), parameter.size());
  }
  return make_error(ErrorKind::kUsage,
                    "the new kernel's command line has {} bytes, {} takes {}: remove {} bytes; "
                    "the longest parameters are {}",
                    command_line.size(),
                    kernel_path,
                    limit,
                    command_line.size() - limit,
                    longest);
}

}  // namespace kdump::kexec
