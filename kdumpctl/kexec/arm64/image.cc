// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/arm64/image.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"
#include "base/pe_sections.h"

#include <array>

namespace kdump::kexec::arm64 {
namespace {

constexpr std::uint32_t kMagic = 0x644d5241;  // "ARM\x64"
constexpr std::uint64_t kMagicAt = 0x38;
constexpr std::uint64_t kPeHeaderAt = 0x3c;
// A gibibyte is ten times what the largest debug kernels need.
constexpr std::uint64_t kMaxImageSize = std::uint64_t{1} << 30U;

struct RawHeader {
  Le32 code[2];
  Le64 text_offset, image_size, flags;
};
static_assert(sizeof(RawHeader) == 0x20);

// Microsoft, "PE Format": the COFF header has 24 bytes; in the optional header of 64-bit files the
// data directories begin at 112, and the fifth is the certificate table, whose address is an offset
// in the file.
struct Certificates {
  Le32 offset, size;
};
constexpr std::uint64_t kOptionalHeaderAt = 24;
constexpr std::uint64_t kDirectoryCountAt = kOptionalHeaderAt + 108;
constexpr std::uint64_t kCertificatesAt = kOptionalHeaderAt + 112 + 4 * sizeof(Certificates);
constexpr std::uint32_t kDirectoriesWithCertificates = 5;

Status check_sections(std::span<const std::byte> file, const std::string& name) {
  if (!ByteReader(file).read<std::array<char, 2>>(0) || file[0] != std::byte{'M'}) return {};
  auto sections = read_pe_sections(file);
  if (!sections) return std::move(sections).error().with_context(name);
  for (const PeSection& section : *sections) {
    if (ByteReader(file).slice(section.offset, section.size)) continue;
    return make_error(ErrorKind::kBadData,
                      "{}: truncated: its section {} ends at byte {}, the file has only {}; "
                      "reinstall the kernel package",
                      name,
                      section.name,
                      section.offset + section.size,
                      file.size());
  }
  return {};
}

}  // namespace

bool is_image(std::span<const std::byte> file) {
  const auto magic = ByteReader(file).read<Le32>(kMagicAt);
  return magic && *magic == kMagic;
}

Result<ImageHeader> parse_image(std::span<const std::byte> file, const std::string& name) {
  const auto raw = ByteReader(file).read<RawHeader>(0);
  if (!is_image(file) || !raw) {
    return make_error(ErrorKind::kBadData, "{}: not an arm64 Image", name);
  }
  constexpr std::uint64_t kBigEndian = 1;
  if ((raw->flags & kBigEndian) != 0) {
    return make_error(
        ErrorKind::kUnsupported, "{}: a big-endian kernel; a little-endian one is needed", name);
  }
  if (raw->image_size == 0) {
    return make_error(ErrorKind::kUnsupported,
                      "{}: a kernel older than Linux 3.17, which does not say how much memory it "
                      "needs; choose a newer one",
                      name);
  }
  if (raw->image_size > kMaxImageSize || raw->image_size < kMagicAt ||
      raw->text_offset >= kAlignment || raw->text_offset % 8 != 0) {
    return make_error(ErrorKind::kBadData,
                      "{}: damaged header: image_size is {:#x}, text_offset {:#x}; reinstall the "
                      "kernel package",
                      name,
                      std::uint64_t{raw->image_size},
                      std::uint64_t{raw->text_offset});
  }
  TRY(check_sections(file, name));
  constexpr std::array<std::uint32_t, 4> kPageSizes = {0, 4096, 16384, 65536};
  return ImageHeader{.text_offset = raw->text_offset,
                     .image_size = raw->image_size,
                     .page_size = kPageSizes[raw->flags >> 1U & 3U]};
}

std::uint64_t signed_size(std::span<const std::byte> image) {
  const ByteReader reader(image);
  const auto pe = reader.read<Le32>(kPeHeaderAt);
  if (!pe || *pe == 0) return image.size();
  const std::uint64_t at = *pe;
  const auto directories = reader.read<Le32>(at + kDirectoryCountAt);
  const auto certificates = reader.read<Certificates>(at + kCertificatesAt);
  if (!directories || *directories < kDirectoriesWithCertificates || !certificates) {
    return image.size();
  }
  const std::uint64_t end = std::uint64_t{certificates->offset} + certificates->size;
  return certificates->size == 0 || end > image.size() ? image.size() : end;
}

}  // namespace kdump::kexec::arm64
