// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/kexec/x86/bzimage.h"

#include <cstddef>
#include <string>
#include <vector>

namespace kdump::kexec {

/// A kernel that was recognised and checked: kexec_load(2) takes bytes as they are, and the kernel
/// arms a truncated image without a word, so nothing else stands between a bad file and a machine
/// that only seems protected.
struct KernelImage {
  std::string path;              ///< for messages
  std::vector<std::byte> bytes;  ///< what is loaded
  x86::SetupHeader setup;
  /// Of a unified kernel image (UAPI.5): the whole file, out of which `bytes` were taken, and the
  /// initrd in it, which may be empty. Of any other file: empty.
  std::vector<std::byte> container;
  std::vector<std::byte> own_initrd;

  [[nodiscard]] const std::vector<std::byte>& file() const {
    return container.empty() ? bytes : container;
  }
};

/// A bzImage, or a unified kernel image that holds one.
///
/// kBadData: truncated or damaged; kUnsupported: a kernel in a form that cannot be loaded (ELF
/// vmlinux, compressed Image, EFI zboot, 32-bit); both name the file and the remedy.
Result<KernelImage> check_kernel_image(std::string path, std::vector<std::byte> bytes);

/// Reads `path` (as it stands: SysRoot is the caller's) and checks it.
Result<KernelImage> read_kernel_image(const std::string& path);

}  // namespace kdump::kexec
