// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_image.h"

#include "base/byte_reader.h"
#include "base/io.h"
#include "base/packed_int.h"
#include "base/pe_sections.h"
#include "kdumpctl/kexec/compressed_payload.h"

#include <optional>
#include <string_view>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr std::size_t kMaxKernelSize = std::size_t{1} << 30U;

bool has_text_at(std::span<const std::byte> file, std::uint64_t offset, std::string_view text) {
  const auto bytes = ByteReader(file).slice(offset, text.size());
  return bytes && std::memcmp(bytes->data(), text.data(), text.size()) == 0;
}

// What a file that is no bzImage seems to be, for the message; "" when it looks like nothing.
std::string_view foreign_kind(std::span<const std::byte> file) {
  using namespace std::string_view_literals;
  if (has_text_at(file,
                  0,
                  "\x7f"
                  "ELF"sv))
    return "an ELF file (vmlinux)";
  if (has_text_at(file, 0x38, "ARM\x64"sv)) return "an arm64 Image";
  if (has_text_at(file, 0, "MZ"sv)) {
    if (has_text_at(file, 4, "zimg"sv)) return "an EFI zboot image";
    return "an EFI program without a Linux kernel in it";
  }
  if (!compression_of(file).empty()) return "a compressed file";
  return {};
}

Result<std::vector<std::byte>> content_of(const PeSection& section,
                                          std::span<const std::byte> file,
                                          const std::string& path) {
  const auto content = ByteReader(file).slice(section.offset, section.size);
  if (!content) {
    return make_error(ErrorKind::kBadData,
                      "{}: its section {} is cut off; build the image anew",
                      path,
                      section.name);
  }
  return std::vector<std::byte>(content->begin(), content->end());
}

Result<KernelImage> check_bare_kernel(std::string path, std::vector<std::byte> bytes) {
  const x86::SetupHeader setup = TRY(x86::parse_bzimage(bytes, path));
  return KernelImage{.path = std::move(path),
                     .bytes = std::move(bytes),
                     .setup = setup,
                     .container = {},
                     .own_initrd = {}};
}

bool is_bzimage(std::span<const std::byte> file) { return has_text_at(file, 0x202, "HdrS"); }

/// The kernel and the initrds in a unified image; nothing when it is none.
Result<std::optional<KernelImage>> unpack_unified(const std::string& path,
                                                  std::vector<std::byte>& file) {
  const auto sections = read_pe_sections(file);
  if (!sections) return std::optional<KernelImage>();
  std::vector<std::byte> kernel;
  std::vector<std::byte> initrd;
  for (const PeSection& section : *sections) {
    if (section.name == ".linux") kernel = TRY(content_of(section, file, path));
    if (section.name == ".initrd") {
      const std::vector<std::byte> one = TRY(content_of(section, file, path));
      initrd.insert(initrd.end(), one.begin(), one.end());
      initrd.resize((initrd.size() + 3) / 4 * 4);  // where an archive behind it must begin
    }
  }
  if (!is_bzimage(kernel)) return std::optional<KernelImage>();
  KernelImage image = TRY(check_bare_kernel(path, std::move(kernel)));
  image.container = std::move(file);
  image.own_initrd = std::move(initrd);
  return std::optional(std::move(image));
}

}  // namespace

Result<KernelImage> check_kernel_image(std::string path, std::vector<std::byte> bytes) {
  if (bytes.empty()) {
    return make_error(
        ErrorKind::kBadData, "{}: the file is empty; reinstall the kernel package", path);
  }
  if (!is_bzimage(bytes)) {
    if (auto unified = TRY(unpack_unified(path, bytes))) return std::move(*unified);
    const std::string_view kind = foreign_kind(bytes);
    if (kind.empty()) {
      return make_error(ErrorKind::kBadData,
                        "{}: not a Linux kernel image; give the file that the boot loader starts "
                        "(vmlinuz)",
                        path);
    }
    return make_error(ErrorKind::kUnsupported,
                      "{}: this is {}, which cannot be loaded here; give the bzImage (vmlinuz)",
                      path,
                      kind);
  }
  return check_bare_kernel(std::move(path), std::move(bytes));
}

Result<KernelImage> read_kernel_image(const std::string& path) {
  const std::string text = TRY(read_file(path, kMaxKernelSize));
  const auto bytes = as_bytes(text);
  return check_kernel_image(path, std::vector<std::byte>(bytes.begin(), bytes.end()));
}

}  // namespace kdump::kexec
