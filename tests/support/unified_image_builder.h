// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kdump::test {

/// A PE file of these sections and nothing else: the headers begin at 0x80, the sections' contents
/// behind the table.
inline std::string unified_image(const std::vector<std::pair<std::string, std::string>>& sections) {
  const auto le = [](std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xffU);
    return text;
  };
  std::string head = "MZ";
  head.resize(0x3c);
  head += le(0x80, 4);
  head.resize(0x80);
  head += std::string("PE\0\0", 4) + le(0x8664, 2) + le(sections.size(), 2);
  head.resize(0x80 + 24);  // no optional header
  std::size_t offset = head.size() + 40 * sections.size();
  std::string contents;
  for (const auto& [name, text] : sections) {
    std::string header = name;
    header.resize(8);
    header += le(text.size(), 4) + le(0x1000, 4) + le(text.size(), 4) + le(offset, 4);
    header.resize(40);
    head += header;
    contents += text;
    offset += text.size();
  }
  return head + contents;
}

}  // namespace kdump::test
