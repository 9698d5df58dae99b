// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/grub_condition.h"

#include "base/text.h"

#include <algorithm>
#include <filesystem>

namespace kdump::boot {
namespace {

bool test_file(const std::string& option, const std::string& path, const SysRoot& root) {
  if (!path.starts_with('/')) return false;
  const auto resolved = root.resolve(path);
  if (!resolved) return false;
  std::error_code error;
  if (option == "-d") return root.is_directory(*resolved);
  if (option == "-f") return std::filesystem::is_regular_file(root.path(*resolved), error);
  if (option == "-s") return std::filesystem::file_size(root.path(*resolved), error) > 0 && !error;
  return option == "-e";
}

bool compare(const std::string& left, const std::string& op, const std::string& right) {
  if (op == "=" || op == "==") return left == right;
  if (op == "!=") return left != right;
  if (op == "<") return left < right;
  if (op == ">") return left > right;
  const auto a = parse_signed(left);
  const auto b = parse_signed(right);
  if (!a || !b) return false;
  if (op == "-eq") return *a == *b;
  if (op == "-ne") return *a != *b;
  if (op == "-lt") return *a < *b;
  if (op == "-le") return *a <= *b;
  if (op == "-gt") return *a > *b;
  return op == "-ge" && *a >= *b;
}

bool test_one(std::span<const std::string> words, const SysRoot& root) {
  bool negated = false;
  while (words.size() > 1 && words.front() == "!") {
    negated = !negated;
    words = words.subspan(1);
  }
  bool result = false;
  if (words.size() == 1) {
    result = !words[0].empty();
  } else if (words.size() == 2 && (words[0] == "-z" || words[0] == "-n")) {
    result = words[1].empty() == (words[0] == "-z");
  } else if (words.size() == 2) {
    result = test_file(words[0], words[1], root);
  } else if (words.size() == 3) {
    result = compare(words[0], words[1], words[2]);
  }
  return result != negated;
}

bool test_all(std::span<const std::string> words, const SysRoot& root) {
  for (;;) {
    const auto end = std::find(words.begin(), words.end(), "-a");
    const auto length = static_cast<std::size_t>(end - words.begin());
    if (!test_one(words.first(length), root)) return false;
    if (end == words.end()) return true;
    words = words.subspan(length + 1);
  }
}

}  // namespace

bool grub_test(std::span<const std::string> words, const SysRoot& root) {
  for (;;) {
    const auto end = std::find(words.begin(), words.end(), "-o");
    const auto length = static_cast<std::size_t>(end - words.begin());
    if (test_all(words.first(length), root)) return true;
    if (end == words.end()) return false;
    words = words.subspan(length + 1);
  }
}

}  // namespace kdump::boot
