// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kdump::kexec {

/// What was taken out of a file that has a kernel inside.
struct ContainedKernel {
  std::vector<std::byte> kernel;  ///< perhaps a container itself
  std::vector<std::byte> initrd;  ///< may be empty
};

/// Opens a unified kernel image (UAPI.5: PE sections .linux and .initrd), an EFI zboot image
/// (drivers/firmware/efi/libstub/zboot-header.S), or a compressed file (arm64's Image.gz). Nothing
/// when it is none of them. kBadData when it is one and damaged, kUnsupported for a compression
/// that cannot be unpacked (lzo); `name` is for messages.
Result<std::optional<ContainedKernel>> open_container(std::span<const std::byte> file,
                                                      const std::string& name);

}  // namespace kdump::kexec
