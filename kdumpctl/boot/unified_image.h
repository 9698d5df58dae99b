// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/boot/bls_entry.h"

#include <string>
#include <string_view>

namespace kdump::boot {

/// What a unified kernel image (UAPI.5) says about itself.
struct UnifiedImage {
  std::string command_line;  ///< .cmdline; "" when there is none
  std::string version;       ///< .uname
  std::string os_release;    ///< .osrel
};

/// Reads the section table of a PE file and three of its sections, at most 64 KiB each. kBadData
/// when it is no PE file or has no .linux section.
Result<UnifiedImage> read_unified_image(const std::string& path);

/// EFI/Linux/NAME[+LEFT[-DONE]].efi as a type 2 entry: sort key, version and title are the
/// os-release file's, as systemd-boot takes them.
[[nodiscard]] BlsEntry unified_entry(const UnifiedImage& image, const std::string& path);

/// Appends FOLDER/*.efi to what was found; files that are no unified images become warnings.
Status add_unified_images(const SysRoot& root, const std::string& folder, BlsFolder& found);

}  // namespace kdump::boot
