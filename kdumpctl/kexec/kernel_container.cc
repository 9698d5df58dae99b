// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_container.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"
#include "base/pe_sections.h"
#include "base/text.h"
#include "kdumpctl/kexec/compressed_payload.h"
#include "kdumpctl/kexec/unpack.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kdump::kexec {
namespace {

// Several times what the largest debug kernels have.
constexpr std::uint64_t kMaxUnpacked = std::uint64_t{256} << 20U;

// zboot-header.S; the payload's place and size are in bytes from the file's begin.
struct ZbootHeader {
  std::array<char, 4> dos;    // "MZ\0\0"
  std::array<char, 4> magic;  // "zimg"
  Le32 offset, size;
  Le64 reserved;
  std::array<char, 32> compression;
};
static_assert(sizeof(ZbootHeader) == 0x38);

Result<std::vector<std::byte>> content_of(const PeSection& section,
                                          std::span<const std::byte> file,
                                          const std::string& name) {
  const auto content = ByteReader(file).slice(section.offset, section.size);
  if (!content) {
    return make_error(ErrorKind::kBadData,
                      "{}: its section {} is cut off; build the image anew",
                      name,
                      section.name);
  }
  return std::vector<std::byte>(content->begin(), content->end());
}

Result<std::optional<ContainedKernel>> open_unified(std::span<const std::byte> file,
                                                    const std::string& name) {
  const auto sections = read_pe_sections(file);
  if (!sections) return std::optional<ContainedKernel>();
  ContainedKernel found;
  for (const PeSection& section : *sections) {
    if (section.name == ".linux") found.kernel = TRY(content_of(section, file, name));
    if (section.name == ".initrd") {
      const std::vector<std::byte> one = TRY(content_of(section, file, name));
      found.initrd.insert(found.initrd.end(), one.begin(), one.end());
      found.initrd.resize((found.initrd.size() + 3) / 4 * 4);  // where an archive behind it begins
    }
  }
  if (found.kernel.empty()) return std::optional<ContainedKernel>();
  return std::optional(std::move(found));
}

Result<std::vector<std::byte>> unpacked(std::span<const std::byte> packed,
                                        const std::string& name) {
  auto all = unpack(packed, kMaxUnpacked);
  if (all) return *std::move(all);
  all.error().message += "; reinstall the kernel package";
  return std::move(all).error().with_context(name);
}

Result<std::vector<std::byte>> open_zboot(const ZbootHeader& header,
                                          std::span<const std::byte> file,
                                          const std::string& name) {
  const auto payload = ByteReader(file).slice(header.offset, header.size);
  if (!payload) {
    return make_error(ErrorKind::kBadData,
                      "{}: truncated: the compressed kernel ends at byte {}, the file has only {}; "
                      "reinstall the kernel package",
                      name,
                      std::uint64_t{header.offset} + header.size,
                      file.size());
  }
  const std::string_view told(header.compression.data(), header.compression.size());
  const std::string_view compression = told.substr(0, told.find('\0'));
  constexpr std::array<std::string_view, 5> kKnown = {"gzip", "lz4", "lzma", "xzkern", "zstd"};
  if (std::find(kKnown.begin(), kKnown.end(), compression) == kKnown.end()) {
    return make_error(
        ErrorKind::kUnsupported,
        "{}: an EFI zboot image compressed with \"{}\", which cannot be unpacked here; "
        "give the kernel as Image",
        name,
        escape_control(compression));
  }
  return unpacked(*payload, name);
}

}  // namespace

Result<std::optional<ContainedKernel>> open_container(std::span<const std::byte> file,
                                                      const std::string& name) {
  const auto header = ByteReader(file).read<ZbootHeader>(0);
  if (header && header->dos == std::array{'M', 'Z', '\0', '\0'} &&
      header->magic == std::array{'z', 'i', 'm', 'g'}) {
    ContainedKernel found;
    found.kernel = TRY(open_zboot(*header, file, name));
    return std::optional(std::move(found));
  }
  if (!compression_of(file).empty()) {
    ContainedKernel found;
    found.kernel = TRY(unpacked(file, name));
    return std::optional(std::move(found));
  }
  return open_unified(file, name);
}

}  // namespace kdump::kexec
