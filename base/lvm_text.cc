// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/lvm_text.h"

#include "base/text.h"

namespace kdump {
namespace {

constexpr int kDeepest = 16;
constexpr std::size_t kMostElements = 200'000;  // of all lists and sections together

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<LvmSection> file() {
    LvmSection out = TRY(section_body(0));
    if (at_ != text_.size()) return wrong("something follows the end");
    return out;
  }

 private:
  [[nodiscard]] Error wrong(std::string_view what) const {
    return make_error(ErrorKind::kBadData, "LVM metadata, byte {}: {}", at_, what);
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // Blanks, and comments to the end of their line.
  void skip() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '+' || c == '-';
  }

  Result<LvmSection> section_body(int depth) {
    if (depth > kDeepest) return wrong("nested too deeply");
    LvmSection out;
    for (skip(); at_ < text_.size() && peek() != '}' && peek() != '\0'; skip()) {
      if (++elements_ > kMostElements) return wrong("too many elements");
      const std::size_t begin = at_;
      while (is_name(peek())) ++at_;
      const std::string name(text_.substr(begin, at_ - begin));
      if (name.empty()) return wrong("a name is missing");
      skip();
      if (peek() == '{') {
        ++at_;
        out.sections[name] = TRY(section_body(depth + 1));
        if (peek() != '}') return wrong("'}' is missing");
        ++at_;
      } else if (peek() == '=') {
        ++at_;
        out.values[name] = TRY(value(depth + 1));
      } else {
        return wrong("neither '{' nor '=' after a name");
      }
    }
    while (depth == 0 && peek() == '\0' && at_ < text_.size()) ++at_;  // the text ends in a NUL
    return out;
  }

  Result<LvmValue> value(int depth) {
    if (depth > kDeepest) return wrong("nested too deeply");
    if (++elements_ > kMostElements) return wrong("too many elements");
    skip();
    if (peek() == '"') return LvmValue{TRY(quoted())};
    if (peek() == '[') return LvmValue{TRY(list(depth))};
    const std::size_t begin = at_;
    while (is_name(peek())) ++at_;
    const auto number = parse_signed(text_.substr(begin, at_ - begin));
    if (!number) return wrong("a value is missing");
    return LvmValue{*number};
  }

  Result<std::string> quoted() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return out;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    return wrong("a text does not end");
  }

  Result<LvmList> list(int depth) {
    LvmList out;
    ++at_;
    for (skip(); peek() != ']'; skip()) {
      out.push_back(TRY(value(depth + 1)));
      skip();
      if (peek() == ',') ++at_;
    }
    ++at_;
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
};

template <typename T>
Result<T> get(const LvmSection& section, std::string_view name) {
  const auto found = section.values.find(name);
  const T* value = found == section.values.end() ? nullptr : std::get_if<T>(&found->second.value);
  if (value == nullptr) {
    return make_error(ErrorKind::kBadData, "LVM metadata: {} is absent or of another kind", name);
  }
  return *value;
}

}  // namespace

Result<std::int64_t> LvmSection::number(std::string_view name) const {
  return get<std::int64_t>(*this, name);
}

Result<std::string> LvmSection::text(std::string_view name) const {
  return get<std::string>(*this, name);
}

Result<LvmList> LvmSection::list(std::string_view name) const { return get<LvmList>(*this, name); }

Result<const LvmSection*> LvmSection::section(std::string_view name) const {
  const auto found = sections.find(name);
  if (found == sections.end()) {
    return make_error(ErrorKind::kBadData, "LVM metadata: there is no section {}", name);
  }
  return &found->second;
}

Result<LvmSection> parse_lvm_text(std::string_view text) { return Parser(text).file(); }

}  // namespace kdump
