// SPDX-License-Identifier: GPL-2.0-or-later
// Gives the files named (or in the folders named) to a fuzz target, one by one: the corpus as a
// test, in builds without libFuzzer.
#include "base/io.h"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      files.push_back(entry.path());
    }
  }
  for (const auto& file : files) {
    const auto text = kdump::read_file(file);
    if (!text) {
      std::fprintf(stderr, "%s\n", text.error().message.c_str());
      return 1;
    }
    const auto bytes = kdump::as_bytes(*text);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  if (files.empty()) {
    std::fprintf(stderr, "no input\n");
    return 1;
  }
  std::printf("%zu inputs\n", files.size());
  return 0;
}
