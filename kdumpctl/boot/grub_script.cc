// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/grub_script.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace kdump::boot {
namespace {

constexpr std::size_t kMostWords = 100'000;
constexpr std::size_t kLongestWord = std::size_t{64} << 10U;
/// Four times what any kernel's command line may have. `set a=$a$a` doubles with each line.
constexpr std::size_t kLongestCommand = std::size_t{16} << 10U;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool in_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

/// These are followed by a command on the same line.
constexpr std::array<std::string_view, 3> kPrefixes = {"then", "else", "do"};

class ScriptReader {
 public:
  ScriptReader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  Result<std::vector<GrubCommand>> read() {
    while (!rest_.empty()) TRY(read_next());
    end_command();
    return std::move(commands_);
  }

 private:
  Status read_next();
  Status read_word();
  Status read_single_quoted(GrubWord& word);
  Status read_double_quoted(GrubWord& word);
  void read_dollar(GrubWord& word, bool quoted);
  void end_command();
  void add_word(GrubWord word);
  char take();
  bool take_continuation();
  static void add_text(GrubWord& word, char c, bool quoted);

  std::string_view rest_;
  const std::string& file_;
  int line_ = 1;
  std::size_t words_ = 0;
  GrubCommand command_;
  std::vector<GrubCommand> commands_;
};

char ScriptReader::take() {
  const char c = rest_.front();
  rest_.remove_prefix(1);
  if (c == '\n') ++line_;
  return c;
}

bool ScriptReader::take_continuation() {
  if (!rest_.starts_with("\\\n")) return false;
  take();
  take();
  return true;
}

void ScriptReader::add_text(GrubWord& word, char c, bool quoted) {
  if (word.parts.empty() || word.parts.back().variable || word.parts.back().quoted != quoted) {
    word.parts.push_back({"", false, quoted});
  }
  word.parts.back().text += c;
}

void ScriptReader::end_command() {
  if (!command_.words.empty() || command_.opens_block) commands_.push_back(std::move(command_));
  command_ = {};
}

void ScriptReader::add_word(GrubWord word) {
  if (command_.words.empty()) command_.line = line_;
  const bool first = command_.words.empty();
  if (word.is("{")) {
    command_.opens_block = true;
    return end_command();
  }
  // A `}` closes the block wherever it stands as a word of its own.
  const bool closes = word.is("}");
  if (closes) {
    end_command();
    command_.line = line_;
  }
  const bool prefix =
      first && std::any_of(kPrefixes.begin(), kPrefixes.end(), [&word](std::string_view keyword) {
        return word.is(keyword);
      });
  command_.words.push_back(std::move(word));
  if (closes || prefix) end_command();
}

Status ScriptReader::read_next() {
  if (take_continuation()) return {};
  const char c = rest_.front();
  if (c == '\n' || c == ';') {
    end_command();
    take();
    return {};
  }
  if (is_blank(c)) {
    take();
    return {};
  }
  if (c == '#') {
    rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    return {};
  }
  if (++words_ > kMostWords) {
    return make_error(ErrorKind::kBadData,
                      "{}:{}: has more than {} words; is this GRUB's configuration?",
                      file_,
                      line_,
                      kMostWords);
  }
  return read_word();
}

Status ScriptReader::read_word() {
  GrubWord word;
  std::size_t before = rest_.size();
  while (!rest_.empty()) {
    if (take_continuation()) continue;
    const char c = rest_.front();
    if (is_blank(c) || c == '\n' || c == ';') break;
    take();
    if (c == '\'') {
      TRY(read_single_quoted(word));
    } else if (c == '"') {
      TRY(read_double_quoted(word));
    } else if (c == '$') {
      read_dollar(word, false);
    } else if (c == '\\' && !rest_.empty()) {
      add_text(word, take(), true);
    } else {
      add_text(word, c, false);
    }
    if (before - rest_.size() > kLongestWord) {
      return make_error(ErrorKind::kBadData,
                        "{}:{}: a word of more than {} bytes; is a quote not closed?",
                        file_,
                        line_,
                        kLongestWord);
    }
  }
  add_word(std::move(word));
  return {};
}

Status ScriptReader::read_single_quoted(GrubWord& word) {
  const int line = line_;
  word.parts.push_back({"", false, true});  // '' is a word too
  while (!rest_.empty()) {
    const char c = take();
    if (c == '\'') return {};
    add_text(word, c, true);
  }
  return make_error(
      ErrorKind::kBadData, "{}:{}: this single quote is not closed; close it", file_, line);
}

Status ScriptReader::read_double_quoted(GrubWord& word) {
  const int line = line_;
  word.parts.push_back({"", false, true});
  while (!rest_.empty()) {
    if (take_continuation()) continue;
    const char c = take();
    if (c == '"') return {};
    if (c == '$') {
      read_dollar(word, true);
    } else if (c == '\\' && !rest_.empty() &&
               (rest_.front() == '$' || rest_.front() == '"' || rest_.front() == '\\')) {
      add_text(word, take(), true);
    } else {
      add_text(word, c, true);
    }
  }
  return make_error(
      ErrorKind::kBadData, "{}:{}: this double quote is not closed; close it", file_, line);
}

/// Behind a `$`. What is no variable's name leaves the dollar sign as it is.
void ScriptReader::read_dollar(GrubWord& word, bool quoted) {
  const bool braces = rest_.starts_with('{');
  const std::string_view rest = rest_.substr(braces ? 1 : 0);
  std::size_t length = 0;
  // $? and ${1} exist in GRUB; both are empty here, as no command is run.
  while (length < rest.size() && (in_name(rest[length]) || rest[length] == '?')) ++length;
  if (length == 0 || (braces && !rest.substr(length).starts_with('}'))) {
    return add_text(word, '$', quoted);
  }
  word.parts.push_back({std::string(rest.substr(0, length)), true, quoted});
  rest_.remove_prefix(length + (braces ? 2 : 0));
}

}  // namespace

bool GrubWord::is(std::string_view keyword) const {
  return parts.size() == 1 && !parts.front().variable && !parts.front().quoted &&
         parts.front().text == keyword;
}

Result<std::vector<GrubCommand>> parse_grub_script(std::string_view text, const std::string& file) {
  return ScriptReader(text, file).read();
}

Result<std::vector<std::string>> expand_words(const std::vector<GrubWord>& words,
                                              const GrubVariables& variables) {
  std::vector<std::string> expanded;
  std::size_t size = 0;
  for (const GrubWord& word : words) {
    std::string text;
    bool present = false;  // a quoted empty word is a word
    for (const GrubWordPart& part : word.parts) {
      const auto variable = part.variable ? variables.find(part.text) : variables.end();
      const std::string& value = !part.variable                ? part.text
                                 : variable == variables.end() ? std::string()
                                                               : variable->second;
      size += value.size() + 1;
      if (!part.variable || part.quoted) {
        text += value;
        present = true;
        continue;
      }
      for (const char c : value) {
        if (!is_blank(c) && c != '\n') {
          text += c;
          present = true;
        } else if (present) {
          expanded.push_back(std::move(text));
          text.clear();
          present = false;
        }
      }
    }
    if (present) expanded.push_back(std::move(text));
    if (size > kLongestCommand) {
      return make_error(ErrorKind::kBadData,
                        "a command becomes longer than {} bytes by its variables; shorten it",
                        kLongestCommand);
    }
  }
  return expanded;
}

std::string loader_command_line(const std::vector<std::string>& words, std::size_t first) {
  std::string line;
  for (std::size_t i = first; i < words.size(); ++i) {
    if (!line.empty()) line += ' ';
    const bool blanks = words[i].find(' ') != std::string::npos;
    if (blanks) line += '"';
    for (const char c : words[i]) {
      if (c == '\\' || c == '\'' || c == '"') line += '\\';
      line += c;
    }
    if (blanks) line += '"';
  }
  return line;
}

}  // namespace kdump::boot
