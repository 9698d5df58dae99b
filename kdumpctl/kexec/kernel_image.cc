// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_image.h"

#include "base/byte_reader.h"
#include "base/io.h"
#include "kdumpctl/kexec/kernel_container.h"

#include <optional>
#include <string_view>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr std::size_t kMaxKernelSize = std::size_t{1} << 30U;
// A zboot image in a unified one is as deep as it gets.
constexpr int kMaxContainers = 2;

bool has_text_at(std::span<const std::byte> file, std::uint64_t offset, std::string_view text) {
  const auto bytes = ByteReader(file).slice(offset, text.size());
  return bytes && std::memcmp(bytes->data(), text.data(), text.size()) == 0;
}

// What a file without a kernel seems to be, for the message; "" when it looks like nothing.
std::string_view foreign_kind(std::span<const std::byte> file) {
  using namespace std::string_view_literals;
  if (has_text_at(file,
                  0,
                  "\x7f"
                  "ELF"sv))
    return "an ELF file (vmlinux)";
  if (has_text_at(file, 0, "MZ"sv)) return "an EFI program without a Linux kernel in it";
  return {};
}

bool is_bzimage(std::span<const std::byte> file) { return has_text_at(file, 0x202, "HdrS"); }

bool is_bare_kernel(std::span<const std::byte> file) {
  return is_bzimage(file) || arm64::is_image(file);
}

Error no_kernel(const std::string& path, std::span<const std::byte> file, bool contained) {
  if (contained) {
    return make_error(ErrorKind::kBadData,
                      "{}: what it has inside is not a Linux kernel image; reinstall the kernel "
                      "package",
                      path);
  }
  const std::string_view kind = foreign_kind(file);
  if (kind.empty()) {
    return make_error(ErrorKind::kBadData,
                      "{}: not a Linux kernel image; give the file that the boot loader starts "
                      "(vmlinuz)",
                      path);
  }
  return make_error(ErrorKind::kUnsupported,
                    "{}: this is {}, which cannot be loaded here; give the file that the boot "
                    "loader starts (vmlinuz)",
                    path,
                    kind);
}

}  // namespace

std::uint64_t KernelImage::command_line_max() const {
  return machine() == Machine::kArm64 ? arm64::kCommandLineMax : setup().command_line_max;
}

Result<KernelImage> check_kernel_image(std::string path, std::vector<std::byte> bytes) {
  if (bytes.empty()) {
    return make_error(
        ErrorKind::kBadData, "{}: the file is empty; reinstall the kernel package", path);
  }
  KernelImage image;
  image.path = std::move(path);
  image.bytes = std::move(bytes);
  for (int i = 0; i < kMaxContainers && !is_bare_kernel(image.bytes); ++i) {
    auto contained = TRY(open_container(image.bytes, image.path));
    if (!contained) break;
    if (image.container.empty()) image.container = std::move(image.bytes);
    image.bytes = std::move(contained->kernel);
    if (!contained->initrd.empty()) image.own_initrd = std::move(contained->initrd);
  }
  if (is_bzimage(image.bytes)) {
    image.header = TRY(x86::parse_bzimage(image.bytes, image.path));
    return image;
  }
  if (!arm64::is_image(image.bytes)) {
    return no_kernel(image.path, image.bytes, !image.container.empty());
  }
  image.header = TRY(arm64::parse_image(image.bytes, image.path));
  if (!image.container.empty()) image.bytes.resize(arm64::signed_size(image.bytes));
  return image;
}

Result<KernelImage> read_kernel_image(const std::string& path) {
  return check_kernel_image(path, TRY(read_bytes(path, kMaxKernelSize)));
}

}  // namespace kdump::kexec
