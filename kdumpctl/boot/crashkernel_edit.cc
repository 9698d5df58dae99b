// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/crashkernel_edit.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace kdump::boot {
namespace {

constexpr std::string_view kName = "crashkernel=";

bool ends_word(char c) { return c == ' ' || c == '\t' || c == '"' || c == '\''; }

/// Several values are several parameters: "1G,high 128M,low".
std::string spelled(std::string_view value) {
  std::string out;
  for (const std::string_view part : split_words(value)) {
    out += fmt::format("{}{}{}", out.empty() ? "" : " ", kName, part);
  }
  return out;
}

/// Where a crashkernel= stands in a line.
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Place> places_in(std::string_view line) {
  std::vector<Place> places;
  for (std::size_t at = line.find(kName); at != std::string_view::npos;
       at = line.find(kName, at + kName.size())) {
    if (at > 0 && !ends_word(line[at - 1]) && line[at - 1] != '=') continue;
    std::size_t end = at;
    while (end < line.size() && !ends_word(line[end])) ++end;
    places.push_back({at, end});
  }
  return places;
}

/// The word after leading blanks.
std::string_view key_of(std::string_view line) {
  const auto words = split_words(line);
  return words.empty() ? std::string_view() : words.front();
}

bool is_shell_arguments(std::string_view line) {
  std::string_view text = trim(line);
  if (text.starts_with("export ")) text = trim(text.substr(7));
  return text.starts_with("GRUB_CMDLINE_LINUX");
}

bool holds_arguments(std::string_view line, ArgumentFile kind) {
  switch (kind) {
    case ArgumentFile::kBlsEntry:
      return key_of(line) == "options";
    case ArgumentFile::kGrubDefault:
      return is_shell_arguments(line);
    case ArgumentFile::kCmdline:
      break;
  }
  return !trim(line).starts_with('#') && !trim(line).empty();
}

/// The first one replaced, if `value` is still to be placed; the others removed with the blank in
/// front of them.
std::string replaced(std::string_view line, std::string_view value, bool& placed) {
  std::string out;
  std::size_t from = 0;
  for (const Place& place : places_in(line)) {
    out += line.substr(from, place.begin - from);
    if (!placed) {
      out += spelled(value);
      placed = true;
    } else if (!out.empty() && out.back() == ' ') {
      out.pop_back();
    }
    from = place.end;
  }
  return out + std::string(line.substr(from));
}

/// At the end of the parameters of this line; nothing for a shell line whose end is not plain.
std::optional<std::string> extended(std::string_view line,
                                    ArgumentFile kind,
                                    std::string_view value) {
  const std::string word = spelled(value);
  if (kind != ArgumentFile::kGrubDefault) {
    const std::size_t end = line.find_last_not_of(" \t");
    return std::string(line.substr(0, end + 1)) + " " + word;
  }
  const std::string_view text = trim(line);
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || text.size() < equals + 3) return std::nullopt;
  const char quote = text[equals + 1];
  if ((quote != '"' && quote != '\'') || text.back() != quote) return std::nullopt;
  const std::string_view inner = text.substr(equals + 2, text.size() - equals - 3);
  if (inner.find(quote) != std::string_view::npos) return std::nullopt;
  return fmt::format(
      "{}{}{}{}{}", text.substr(0, equals + 2), inner, trim(inner).empty() ? "" : " ", word, quote);
}

/// GRUB_CMDLINE_LINUX goes to every entry, ..._DEFAULT not to the recovery ones.
bool takes_addition(std::string_view line, ArgumentFile kind) {
  if (!holds_arguments(line, kind)) return false;
  if (kind != ArgumentFile::kGrubDefault) return true;
  const std::string_view text = trim(line);
  return text.substr(0, text.find('=')) == "GRUB_CMDLINE_LINUX";
}

std::string joined(const std::vector<std::string>& lines, bool final_newline) {
  std::string out = fmt::format("{}", fmt::join(lines, "\n"));
  return final_newline && !lines.empty() ? out + "\n" : out;
}

}  // namespace

std::optional<std::string> crashkernel_in(std::string_view text, ArgumentFile kind) {
  std::vector<std::string_view> values;
  for (const std::string_view line : split_lines(text)) {
    if (!holds_arguments(line, kind)) continue;
    for (const Place& place : places_in(line)) {
      const std::size_t begin = place.begin + kName.size();
      values.push_back(line.substr(begin, place.end - begin));
    }
  }
  if (values.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(values, " "));
}

std::optional<std::string> with_crashkernel(std::string_view text,
                                            ArgumentFile kind,
                                            std::string_view value) {
  bool placed = false;
  std::vector<std::string> lines;
  for (const std::string_view line : split_lines(text)) {
    lines.push_back(holds_arguments(line, kind) ? replaced(line, value, placed)
                                                : std::string(line));
  }
  const bool final_newline = text.empty() || text.ends_with('\n');
  if (placed) return joined(lines, final_newline);
  const auto last = std::find_if(lines.rbegin(), lines.rend(), [kind](const std::string& line) {
    return takes_addition(line, kind);
  });
  if (last != lines.rend()) {
    auto longer = extended(*last, kind, value);
    if (!longer) return std::nullopt;
    *last = std::move(*longer);
    return joined(lines, final_newline);
  }
  if (kind == ArgumentFile::kBlsEntry) lines.push_back("options " + spelled(value));
  if (kind == ArgumentFile::kCmdline) lines.push_back(spelled(value));
  if (kind == ArgumentFile::kGrubDefault) {
    lines.push_back(fmt::format("GRUB_CMDLINE_LINUX=\"{}\"", spelled(value)));
  }
  return joined(lines, true);
}

std::string line_difference(const std::string& file,
                            std::string_view before,
                            std::string_view after) {
  const auto old_lines = split_lines(before);
  const auto new_lines = split_lines(after);
  std::string out = file + "\n";
  for (std::size_t i = 0; i < std::max(old_lines.size(), new_lines.size()); ++i) {
    const bool has_old = i < old_lines.size();
    const bool has_new = i < new_lines.size();
    if (has_old && has_new && old_lines[i] == new_lines[i]) continue;
    if (has_old) out += fmt::format("-{}\n", escape_control(old_lines[i]));
    if (has_new) out += fmt::format("+{}\n", escape_control(new_lines[i]));
  }
  return out;
}

}  // namespace kdump::boot
