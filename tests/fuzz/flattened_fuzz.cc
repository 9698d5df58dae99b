// SPDX-License-Identifier: GPL-2.0-or-later
// A flattened stream, read in place and rearranged: both must give the same dump.
#include "capture/rearrange.h"
#include "capture/vmcore/flattened_file.h"
#include "tests/fuzz/fuzz_file.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kdump::capture {
namespace {

// A record far away makes a file of holes that would take its time to be compared.
constexpr std::uint64_t kMostCompared = std::uint64_t{1} << 20U;

std::vector<std::byte> contents_of(const DumpFile& file) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min(file.size(), kMostCompared)));
  if (!file.read(0, bytes)) std::abort();
  // In pieces they are no other.
  std::vector<std::byte> piece(bytes.size() / 3);
  for (std::size_t at = 0; at + piece.size() <= bytes.size(); at += piece.size() / 2 + 1) {
    if (!file.read(at, piece)) std::abort();
    if (!std::equal(piece.begin(), piece.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at))) {
      std::abort();
    }
  }
  return bytes;
}

}  // namespace
}  // namespace kdump::capture

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  static const fuzz::FuzzFile stream;
  static const fuzz::FuzzFile plain;
  const std::string path = stream.fill(std::as_bytes(std::span(data, size)));
  const auto file = open_dump_file(path);
  if (!file || !(*file)->flattened() || (*file)->size() > kMostCompared) return 0;
  const std::vector<std::byte> bytes = contents_of(**file);
  const kdump::Fd source = *kdump::Fd::open(path, O_RDONLY);
  const std::string copy = plain.fill({});
  // What is cut off gets a mark.
  if (!rearrange(source.raw(), copy, true)) return 0;
  const auto rearranged = kdump::read_file(copy, kMostCompared);
  if (!rearranged || rearranged->size() != bytes.size() ||
      !std::equal(bytes.begin(), bytes.end(), kdump::as_bytes(*rearranged).begin())) {
    std::abort();
  }
  return 0;
}
