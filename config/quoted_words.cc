// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/quoted_words.h"

namespace kdump::config {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";
/// What a backslash protects inside double quotes; before anything else it is itself.
constexpr std::string_view kEscapedInDoubleQuotes = "$`\"\\";

class WordSplitter {
 public:
  explicit WordSplitter(std::string_view text) : rest_(text) {}

  Result<std::vector<std::string>> split() {
    while (!rest_.empty()) {
      const char c = take();
      if (kBlanks.find(c) != std::string_view::npos) {
        finish_word();
      } else if (c == '\'' || c == '"') {
        TRY(take_quoted(c));
      } else if (c == '\\') {
        if (rest_.empty()) return make_error(ErrorKind::kBadData, "backslash at the end");
        add(take());
      } else {
        add(c);
      }
    }
    finish_word();
    return std::move(words_);
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void add(char c) {
    word_ += c;
    in_word_ = true;
  }

  Status take_quoted(char quote) {
    in_word_ = true;  // "" is a word too
    while (!rest_.empty()) {
      const char c = take();
      if (c == quote) return {};
      const bool escapes = quote == '"' && c == '\\' && !rest_.empty() &&
                           kEscapedInDoubleQuotes.find(rest_.front()) != std::string_view::npos;
      word_ += escapes ? take() : c;
    }
    return make_error(ErrorKind::kBadData, "a {} without its partner", quote);
  }

  void finish_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  std::string_view rest_;
  std::string word_;
  bool in_word_ = false;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_quoted_words(std::string_view text) {
  return WordSplitter(text).split();
}

}  // namespace kdump::config
