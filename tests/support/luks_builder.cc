// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/luks_builder.h"

#include "base/io.h"
#include "base/sha256.h"

#include <fmt/format.h>

namespace kdump::test {
namespace {

constexpr std::size_t kSize = 16384;
constexpr std::size_t kBinarySize = 4096;

void put(std::string& bytes, std::size_t at, std::string_view text) {
  bytes.replace(at, text.size(), text);
}

}  // namespace

std::string luks_device(std::string_view json) {
  std::string bytes(kSize, '\0');
  put(bytes, 0, std::string_view("LUKS\xba\xbe\x00\x02", 8));
  put(bytes, 8, std::string_view("\0\0\0\0\0\0\x40\0", 8));
  put(bytes, 72, "sha256");
  put(bytes, 168, kLuksUuid);
  put(bytes, kBinarySize, json);
  const auto digits = sha256_of(as_bytes(bytes));
  if (!digits) return {};
  for (std::size_t i = 0; i < digits->size() / 2; ++i) {
    bytes[448 + i] = static_cast<char>(std::stoi(digits->substr(2 * i, 2), nullptr, 16));
  }
  return bytes;
}

std::string luks_device_of_segment(std::string_view segment) {
  return luks_device(fmt::format(R"({{"segments":{{"0":{}}},"config":{{}}}})", segment));
}

}  // namespace kdump::test
