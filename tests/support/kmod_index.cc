// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/kmod_index.h"

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace kdump::test {
namespace {

// kmod's libkmod/libkmod-index.h
constexpr std::uint32_t kMagic = 0xB007F457;
constexpr std::uint32_t kVersion = 0x00020001;
constexpr std::uint32_t kHasChildren = 0x20000000;
constexpr std::uint32_t kHasValues = 0x40000000;
constexpr char kLastKeyByte = 126;
constexpr std::size_t kMaxKey = 200;
constexpr std::size_t kMaxLines = 4096;

using Rows = std::map<std::string, std::vector<std::string>>;

void put(std::string& out, std::uint32_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(value >> shift);
}

/// The node of all keys that share their first `depth` bytes, behind its children; where it is.
std::uint32_t add_node(std::string& out,
                       Rows::const_iterator begin,
                       Rows::const_iterator end,
                       std::size_t depth) {
  const std::vector<std::string>* values = nullptr;
  if (begin != end && begin->first.size() == depth) values = &(begin++)->second;
  std::map<char, std::uint32_t> children;
  while (begin != end) {
    const char byte = begin->first[depth];
    const auto next =
        std::find_if(begin, end, [&](const auto& row) { return row.first[depth] != byte; });
    children[byte] = add_node(out, begin, next, depth + 1);
    begin = next;
  }
  auto node = static_cast<std::uint32_t>(out.size());
  if (!children.empty()) {
    const char first = children.begin()->first;
    const char last = children.rbegin()->first;
    out += {first, last};
    for (int byte = first; byte <= last; ++byte) {
      const auto child = children.find(static_cast<char>(byte));
      put(out, child == children.end() ? 0 : child->second);
    }
    node |= kHasChildren;
  }
  if (values != nullptr) {
    put(out, static_cast<std::uint32_t>(values->size()));
    for (std::size_t i = 0; i < values->size(); ++i) {
      put(out, static_cast<std::uint32_t>(i));  // its priority
      out += (*values)[i] + '\0';
    }
    node |= kHasValues;
  }
  return node;
}

std::string to_index(const Rows& rows) {
  std::string out;
  put(out, kMagic);
  put(out, kVersion);
  put(out, 0);
  const std::uint32_t root = add_node(out, rows.begin(), rows.end(), 0);
  std::string place;
  put(place, root);
  return out.replace(2 * sizeof(root), place.size(), place);
}

std::vector<std::string_view> lines(std::string_view text) {
  auto all = split(text, '\n');
  all.resize(std::min(all.size(), kMaxLines));
  return all;
}

void add(Rows& rows, std::string key, std::string_view value) {
  std::replace(key.begin(), key.end(), '-', '_');
  const bool fits = std::all_of(
      key.begin(), key.end(), [](char byte) { return byte > ' ' && byte <= kLastKeyByte; });
  if (!fits || key.empty() || key.size() > kMaxKey) return;
  rows[std::move(key)].emplace_back(value.substr(0, value.find('\0')));
}

std::string module_name(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return std::string(name.substr(0, name.find('.')));
}

}  // namespace

std::string kmod_dep_index(std::string_view modules_dep) {
  Rows rows;
  for (const auto line : lines(modules_dep)) {
    const auto colon = line.find(':');
    if (colon != line.npos) add(rows, module_name(line.substr(0, colon)), line);
  }
  return to_index(rows);
}

std::string kmod_alias_index(std::string_view modules_alias) {
  Rows rows;
  for (const auto line : lines(modules_alias)) {
    const auto words = split_words(line);
    if (words.size() == 3 && words[0] == "alias") add(rows, std::string(words[1]), words[2]);
  }
  return to_index(rows);
}

std::string kmod_builtin_index(std::string_view modules_builtin) {
  Rows rows;
  for (const auto line : lines(modules_builtin)) add(rows, module_name(line), "");
  return to_index(rows);
}

}  // namespace kdump::test
