// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/compressed_payload.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"

#include <array>
#include <string>

namespace kdump::kexec {
namespace {

constexpr std::size_t kSizeFieldBytes = 4;

struct Magic {
  std::string_view compression;
  std::string_view bytes;
};

using namespace std::string_view_literals;

constexpr std::array kMagics = {
    Magic{"gzip", "\x1f\x8b\x08"sv},
    Magic{"xz", "\xfd\x37zXZ\x00"sv},
    Magic{"zstd", "\x28\xb5\x2f\xfd"sv},
    Magic{"lz4", "\x02\x21\x4c\x18"sv},
    Magic{"lzo", "\x89LZO\x00\r\n\x1a\n"sv},
    Magic{"bzip2", "BZh"sv},
    Magic{"lzma", "\x5d\x00\x00"sv},
};

Error cut_off(std::string_view compression) {
  return make_error(
      ErrorKind::kBadData, "the {} stream of the compressed kernel is damaged", compression);
}

// RFC 8878, 3.1.1: a frame is a header, blocks with a 24-bit header each, and an optional checksum.
Status check_zstd(std::span<const std::byte> stream) {
  const ByteReader reader(stream);
  const auto descriptor = reader.read<std::uint8_t>(4);
  if (!descriptor) return cut_off("zstd");
  constexpr std::array<std::uint64_t, 4> kContentSizeBytes = {0, 2, 4, 8};
  constexpr std::array<std::uint64_t, 4> kDictionaryBytes = {0, 1, 2, 4};
  const bool single_segment = (*descriptor & 0x20U) != 0;
  const bool checksum = (*descriptor & 0x04U) != 0;
  std::uint64_t content_size = kContentSizeBytes[*descriptor >> 6U];
  if (single_segment && content_size == 0) content_size = 1;
  std::uint64_t at =
      5 + (single_segment ? 0 : 1) + kDictionaryBytes[*descriptor & 3U] + content_size;
  for (;;) {
    const auto header = reader.slice(at, 3);
    if (!header) return cut_off("zstd");
    const std::uint32_t block = std::to_integer<std::uint32_t>((*header)[0]) |
                                std::to_integer<std::uint32_t>((*header)[1]) << 8U |
                                std::to_integer<std::uint32_t>((*header)[2]) << 16U;
    const std::uint32_t type = block >> 1U & 3U;
    constexpr std::uint32_t kRunLength = 1;
    constexpr std::uint32_t kReservedType = 3;
    if (type == kReservedType) return cut_off("zstd");
    at += 3 + (type == kRunLength ? 1 : block >> 3U);
    const bool last = (block & 1U) != 0;
    if (last) break;
  }
  if (at + (checksum ? 4 : 0) != stream.size()) return cut_off("zstd");
  return {};
}

// The legacy frame of lz4_Frame_format.md: the magic number, then blocks with a 32-bit size each.
Status check_lz4(std::span<const std::byte> stream) {
  const ByteReader reader(stream);
  std::uint64_t at = 4;
  do {
    const auto size = reader.read<Le32>(at);
    if (!size || *size == 0) return cut_off("lz4");
    at += 4 + std::uint64_t{*size};
  } while (at < stream.size());
  if (at != stream.size()) return cut_off("lz4");
  return {};
}

// xz-file-format.txt, 2.1: the footer ends with the stream flags of the header and "YZ".
Status check_xz(std::span<const std::byte> stream) {
  const ByteReader reader(stream);
  constexpr std::uint64_t kHeaderAndFooter = 24;
  if (stream.size() < kHeaderAndFooter || stream.size() % 4 != 0) return cut_off("xz");
  const auto flags = reader.read<Le16>(6);
  const auto footer_flags = reader.read<Le16>(stream.size() - 4);
  const auto magic = reader.read<Le16>(stream.size() - 2);
  constexpr std::uint16_t kFooterMagic = 0x5a59;
  if (*flags != *footer_flags || *magic != kFooterMagic) return cut_off("xz");
  return {};
}

// lzop ends its blocks with one of unpacked size 0.
Status check_lzo(std::span<const std::byte> stream) {
  const auto end = ByteReader(stream).read<Le32>(stream.size() - 4);
  if (stream.size() < 4 || !end || *end != 0) return cut_off("lzo");
  return {};
}

Status check_structure(std::string_view compression, std::span<const std::byte> stream) {
  if (compression == "zstd") return check_zstd(stream);
  if (compression == "lz4") return check_lz4(stream);
  if (compression == "xz") return check_xz(stream);
  if (compression == "lzo") return check_lzo(stream);
  return {};
}

}  // namespace

std::string_view compression_of(std::span<const std::byte> data) {
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  for (const Magic& magic : kMagics) {
    if (text.starts_with(magic.bytes)) return magic.compression;
  }
  return {};
}

Result<Payload> check_payload(std::span<const std::byte> payload) {
  const std::string_view compression = compression_of(payload);
  if (compression.empty() || payload.size() <= kSizeFieldBytes) {
    return make_error(ErrorKind::kBadData,
                      "the compressed kernel inside begins like no known format");
  }
  const std::size_t stream_size = payload.size() - kSizeFieldBytes;
  TRY(check_structure(compression, payload.first(stream_size)));
  const auto unpacked = ByteReader(payload).read<Le32>(stream_size);
  return Payload{.compression = compression, .unpacked_size = *unpacked};
}

}  // namespace kdump::kexec
