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
  std::vector<std::byte> bytes;  ///< the whole file
  x86::SetupHeader setup;
};

/// kBadData: truncated or damaged; kUnsupported: a kernel in a form that cannot be loaded (ELF
/// vmlinux, compressed Image, EFI zboot, UKI, 32-bit); both name the file and the remedy.
Result<KernelImage> check_kernel_image(std::string path, std::vector<std::byte> bytes);

/// Reads `path` (as it stands: SysRoot is the caller's) and checks it.
Result<KernelImage> read_kernel_image(const std::string& path);

}  // namespace kdump::kexec
