// SPDX-License-Identifier: GPL-2.0-or-later
// Pages of anything, most of them made to repeat themselves at a distance: what StridedCodec writes
// must be unpacked by the codecs' own libraries to what it was given.
#include "capture/format/kdump_format.h"
#include "capture/format/page_decoder.h"
#include "capture/format/strided_codec.h"
#include "tests/fuzz/fuzz_input.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace kdump::capture::fuzz {
namespace {

// Most are small, since they take a fraction of the time.
constexpr std::array<std::size_t, 8> kPageSizes = {
    4096, 4096, 4096, 4096, 4096, 4096, 16384, 65536};
constexpr unsigned kMostPages = 6;

/// A page of a repeated pattern with some changes, or the bytes themselves.
void fill(std::vector<std::byte>& page, FuzzInput& input) {
  const auto kind = input.take<std::uint8_t>();
  const std::size_t distance =
      std::array<std::size_t, 8>{8, 16, 32, 56, 64, 72, 128, 192}[kind % 8];
  const auto pattern = input.take_bytes((kind & 8U) != 0 ? distance : page.size());
  if (pattern.empty()) return;
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = pattern[i % pattern.size()];
  for (unsigned changes = kind >> 4U; changes > 0; --changes) {
    const auto at = input.take<std::uint16_t>() % page.size();
    const auto step = (kind & 4U) != 0 ? distance : page.size();
    const auto value = input.take<std::byte>();
    for (std::size_t i = at; i < page.size(); i += step) page[i] = value;
  }
}

}  // namespace
}  // namespace kdump::capture::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  fuzz::FuzzInput input(data, size);
  const std::size_t page_size =
      fuzz::kPageSizes[input.take<std::uint8_t>() % fuzz::kPageSizes.size()];
  const bool zstd = (input.take<std::uint8_t>() & 1U) != 0;
  StridedCodec codec(page_size, zstd ? StridedCodec::Format::kZstd : StridedCodec::Format::kLzo);
  PageDecoder decoder;
  // The pages of one object follow each other: it remembers how the last ones were taken apart.
  std::vector<std::byte> page(page_size), out(page_size);
  for (unsigned i = 0; i < fuzz::kMostPages && !input.empty(); ++i) {
    fuzz::fill(page, input);
    const auto most = input.take<std::uint16_t>() % page_size;
    std::vector<std::byte> room(codec.bound());
    std::size_t length = codec.compress(page, room.data());
    if (length == 0) {
      codec.learn(page, most);
      length = codec.compress(page, room.data());
    }
    if (length == 0) continue;
    if (length > room.size()) std::abort();
    const auto record = std::span<const std::byte>(room).first(length);
    if (!decoder.decode(zstd ? kCompressedZstd : kCompressedLzo, record, out) || out != page) {
      std::abort();
    }
  }
  return 0;
}
