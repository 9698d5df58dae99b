// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a LUKS2 volume: as it is, and its JSON behind a good checksum. What is accepted can
// become a device-mapper table.
#include "mkdumprd/luks_header.h"
#include "tests/fuzz/fuzz_file.h"
#include "tests/support/luks_builder.h"

#include <cstdint>
#include <string_view>

namespace {

void check(const kdump::Result<kdump::mkdumprd::LuksSegment>& segment) {
  if (!segment) return;
  const bool is_one_word = segment->cipher.find_first_of(" \t\n") == std::string::npos;
  if (segment->cipher.empty() || !is_one_word || segment->offset == 0) __builtin_trap();
  if (segment->sector_size < 512 || segment->sector_size > 4096) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  static const capture::fuzz::FuzzFile file;
  const auto bytes = std::as_bytes(std::span(data, size));
  check(mkdumprd::read_luks_segment(file.fill(bytes)));
  constexpr std::size_t kJsonArea = 12288;
  const std::string_view json(reinterpret_cast<const char*>(data),  // NOLINT
                              std::min(size, kJsonArea));
  const std::string device = test::luks_device(json);
  check(mkdumprd::read_luks_segment(file.fill(std::as_bytes(std::span(device)))));
  return 0;
}
