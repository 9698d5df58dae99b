// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/kernel_cmdline.h"

#include <algorithm>

namespace kdump::config {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

char dash_to_underscore(char c) { return c == '-' ? '_' : c; }

bool ends_kernel_parameters(const CmdlineParameter& parameter) { return parameter.text == "--"; }

/// Takes one word apart exactly as next_arg() does: a quote that opens the word or the value is
/// dropped together with the word's last one; any other quote is part of the text.
CmdlineParameter parse_word(std::string_view word) {
  CmdlineParameter parameter;
  parameter.text = std::string(word);
  const bool quoted_word = word.starts_with('"');
  if (quoted_word) word.remove_prefix(1);
  // As in the kernel, a word that begins with '=' has no empty name.
  const auto equals = word.find('=', 1);
  const bool has_value = equals != std::string_view::npos;
  std::string_view last = has_value ? word.substr(equals + 1) : word;
  const bool quoted_value = has_value && last.starts_with('"');
  if (quoted_value) last.remove_prefix(1);
  if ((quoted_word || quoted_value) && last.ends_with('"')) last.remove_suffix(1);
  parameter.name = std::string(has_value ? word.substr(0, equals) : last);
  if (has_value) parameter.value = std::string(last);
  return parameter;
}

}  // namespace

bool same_parameter_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char left, char right) {
    return dash_to_underscore(left) == dash_to_underscore(right);
  });
}

KernelCommandLine KernelCommandLine::parse(std::string_view text) {
  KernelCommandLine line;
  while (!text.empty()) {
    bool in_quote = false;
    std::size_t end = 0;
    for (; end < text.size() && (in_quote || !is_space(text[end])); ++end) {
      if (text[end] == '"') in_quote = !in_quote;
    }
    if (end > 0) line.parameters_.push_back(parse_word(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return line;
}

const CmdlineParameter* KernelCommandLine::find(std::string_view name) const {
  const CmdlineParameter* found = nullptr;
  for (const CmdlineParameter& parameter : parameters_) {
    if (ends_kernel_parameters(parameter)) break;
    if (same_parameter_name(parameter.name, name)) found = &parameter;
  }
  return found;
}

std::vector<CmdlineParameter> KernelCommandLine::remove(std::string_view name) {
  return remove_if([name](const CmdlineParameter& parameter) {
    return same_parameter_name(parameter.name, name);
  });
}

std::vector<CmdlineParameter> KernelCommandLine::remove_if(
    const std::function<bool(const CmdlineParameter&)>& unwanted) {
  std::vector<CmdlineParameter> removed;
  std::vector<CmdlineParameter> kept;
  for (CmdlineParameter& parameter : parameters_) {
    const bool matches = !ends_kernel_parameters(parameter) && unwanted(parameter);
    (matches ? removed : kept).push_back(std::move(parameter));
  }
  parameters_ = std::move(kept);
  return removed;
}

void KernelCommandLine::append(std::string_view text) {
  const KernelCommandLine added = parse(text);
  const auto added_end =
      std::find_if(added.parameters_.begin(), added.parameters_.end(), ends_kernel_parameters);
  const auto kernel_end =
      std::find_if(parameters_.begin(), parameters_.end(), ends_kernel_parameters);
  const bool had_init_arguments = kernel_end != parameters_.end();
  parameters_.insert(kernel_end, added.parameters_.begin(), added_end);
  if (added_end == added.parameters_.end()) return;
  parameters_.insert(
      parameters_.end(), added_end + (had_init_arguments ? 1 : 0), added.parameters_.end());
}

std::string KernelCommandLine::to_string() const {
  std::string text;
  for (const CmdlineParameter& parameter : parameters_) {
    if (!text.empty()) text += ' ';
    text += parameter.text;
  }
  return text;
}

}  // namespace kdump::config
