// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/temp_tree.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace kdump::test {
namespace fs = std::filesystem;

TempTree::TempTree() {
  std::string pattern = (fs::temp_directory_path() / "kdump-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  folder_ = pattern;
}

TempTree::~TempTree() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void TempTree::write(std::string_view absolute, std::string_view text) const {
  const fs::path file = path(absolute);
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

void TempTree::make_directory(std::string_view absolute) const {
  fs::create_directories(path(absolute));
}

void TempTree::link(std::string_view absolute, std::string_view target) const {
  const fs::path file = path(absolute);
  fs::create_directories(file.parent_path());
  fs::create_symlink(target, file);
}

std::string TempTree::read(std::string_view absolute) const {
  std::ifstream in(path(absolute), std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path(absolute));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool TempTree::exists(std::string_view absolute) const {
  return fs::exists(fs::symlink_status(path(absolute)));
}

unsigned TempTree::mode(std::string_view absolute) const {
  return static_cast<unsigned>(fs::status(path(absolute)).permissions());
}

}  // namespace kdump::test
