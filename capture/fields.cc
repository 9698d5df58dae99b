// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/fields.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace kdump::capture {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// Bytes of the well-formed UTF-8 sequence that `text` begins with (RFC 3629, section 4); 0: none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

std::string json_string(std::string_view text) {
  constexpr unsigned char kFirstPrintable = 0x20;
  std::string out = "\"";
  while (!text.empty()) {
    const char first = text.front();
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += kReplacement;
    } else if (first == '"' || first == '\\') {
      out += {'\\', first};
    } else if (static_cast<unsigned char>(first) < kFirstPrintable) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(first));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + '"';
}

struct JsonValue {
  std::string operator()(const std::string& text) const { return json_string(text); }
  std::string operator()(std::uint64_t number) const { return fmt::format("{}", number); }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(const std::vector<std::string>& texts) const {
    std::string out = "[";
    for (const std::string& text : texts) {
      out += fmt::format("{}\n    {}", out.size() > 1 ? "," : "", json_string(text));
    }
    return out + (texts.empty() ? "]" : "\n  ]");
  }
};

struct PlainValue {
  std::string operator()(const std::string& text) const { return escape_control(text); }
  std::string operator()(std::uint64_t number) const { return fmt::format("{}", number); }
  std::string operator()(bool truth) const { return truth ? "yes" : "no"; }
  std::string operator()(const std::vector<std::string>& texts) const {
    std::string out;
    for (const std::string& text : texts) {
      out += (out.empty() ? "" : ", ") + escape_control(text);
    }
    return out.empty() ? "none" : out;
  }
};

}  // namespace

std::string fields_as_text(const std::vector<Field>& fields) {
  std::size_t width = 0;
  for (const Field& field : fields) width = std::max(width, field.label.size());
  std::string out;
  for (const Field& field : fields) {
    if (field.label.empty()) continue;
    out += fmt::format(
        "{:<{}} {}\n", field.label + ":", width + 1, std::visit(PlainValue(), field.value));
  }
  return out;
}

std::string fields_as_json(const std::vector<Field>& fields) {
  std::string out = "{";
  for (const Field& field : fields) {
    out += fmt::format("{}\n  {}: {}",
                       out.size() > 1 ? "," : "",
                       json_string(field.key),
                       std::visit(JsonValue(), field.value));
  }
  return out + "\n}\n";
}

}  // namespace kdump::capture
