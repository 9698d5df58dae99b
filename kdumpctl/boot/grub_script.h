// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::boot {

using GrubVariables = std::map<std::string, std::string>;

/// Part of a word: text, or the name of a variable whose value stands there.
struct GrubWordPart {
  std::string text;
  bool variable = false;
  bool quoted = false;  ///< an unquoted variable is split at blanks
};

struct GrubWord {
  std::vector<GrubWordPart> parts;
  /// A word without quotes and variables, which alone can be a keyword.
  [[nodiscard]] bool is(std::string_view keyword) const;
};

/// One command of a GRUB script. `then`, `else`, `do` and `}` are commands of their own; a final
/// `{` is told by opens_block.
struct GrubCommand {
  std::vector<GrubWord> words;
  int line = 0;
  bool opens_block = false;
};

/// Takes a script apart by GRUB's quoting rules (GRUB manual, "Shell-like scripting"). Nothing is
/// run. At most 100,000 words; kBadData names file and line.
Result<std::vector<GrubCommand>> parse_grub_script(std::string_view text, const std::string& file);

/// The words after the variables have been put in, literally: what a value contains is never looked
/// at again. Unset variables are empty; words that vanish are left out. At most 16 KiB together
/// (kBadData).
Result<std::vector<std::string>> expand_words(const std::vector<GrubWord>& words,
                                              const GrubVariables& variables);

/// As grub_create_loader_cmdline() does it: words joined by blanks, quotes and backslashes
/// protected, words with blanks in double quotes.
[[nodiscard]] std::string loader_command_line(const std::vector<std::string>& words,
                                              std::size_t first);

}  // namespace kdump::boot
