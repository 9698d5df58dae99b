// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/kexec/arm64/image.h"
#include "kdumpctl/kexec/machine.h"
#include "kdumpctl/kexec/x86/bzimage.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace kdump::kexec {

/// A kernel that was recognised and checked: kexec_load(2) takes bytes as they are, and the kernel
/// arms a truncated image without a word, so nothing else stands between a bad file and a machine
/// that only seems protected.
struct KernelImage {
  std::string path;              ///< for messages
  std::vector<std::byte> bytes;  ///< what is loaded
  std::variant<x86::SetupHeader, arm64::ImageHeader> header;
  /// Of a file that has the kernel inside (a unified kernel image (UAPI.5), an EFI zboot image, a
  /// compressed Image): the whole file, out of which `bytes` were taken. Of any other: empty.
  std::vector<std::byte> container;
  std::vector<std::byte> own_initrd;  ///< the one in a unified kernel image; may be empty

  [[nodiscard]] const std::vector<std::byte>& file() const {
    return container.empty() ? bytes : container;
  }
  [[nodiscard]] Machine machine() const {
    return std::holds_alternative<arm64::ImageHeader>(header) ? Machine::kArm64 : Machine::kX86;
  }
  /// Of a kernel for that machine.
  [[nodiscard]] const x86::SetupHeader& setup() const { return std::get<x86::SetupHeader>(header); }
  [[nodiscard]] const arm64::ImageHeader& arm64() const {
    return std::get<arm64::ImageHeader>(header);
  }
  /// Bytes of a command line, without the final NUL.
  [[nodiscard]] std::uint64_t command_line_max() const;
};

/// An x86_64 bzImage or an arm64 Image; compressed, as EFI zboot, or in a unified kernel image too.
///
/// kBadData: truncated or damaged; kUnsupported: a kernel in a form that cannot be loaded (ELF
/// vmlinux, 32-bit); both name the file and the remedy.
Result<KernelImage> check_kernel_image(std::string path, std::vector<std::byte> bytes);

/// Reads `path` (as it stands: SysRoot is the caller's) and checks it.
Result<KernelImage> read_kernel_image(const std::string& path);

}  // namespace kdump::kexec
