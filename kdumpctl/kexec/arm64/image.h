// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kdump::kexec::arm64 {

/// What an arm64 Image says about itself (Documentation/arch/arm64/booting.rst).
struct ImageHeader {
  std::uint64_t text_offset = 0;  ///< 0x08: where it wants to lie behind a 2 MiB boundary; bytes
  std::uint64_t image_size = 0;  ///< 0x10: bytes that it needs from its first byte on, BSS included
  std::uint32_t page_size = 0;   ///< 0x18 bits 1-2; bytes, 0 when it does not say
};

/// "ARM\x64" at 0x38.
[[nodiscard]] bool is_image(std::span<const std::byte> file);

/// Checks header and length: kernels with an EFI stub (every distribution's) have a PE section
/// table, whose sections must be in the file. `name` is for messages.
Result<ImageHeader> parse_image(std::span<const std::byte> file, const std::string& name);

/// The length of the file that was signed, where `image` carries a signature (PE's certificate
/// table): what follows it is padding, with which no signature would be right. Else all of it.
[[nodiscard]] std::uint64_t signed_size(std::span<const std::byte> image);

/// COMMAND_LINE_SIZE without the final NUL, arch/arm64/include/uapi/asm/setup.h.
inline constexpr std::uint64_t kCommandLineMax = 2047;

/// What an Image's place is a multiple of (booting.rst); bytes.
inline constexpr std::uint64_t kAlignment = 0x200000;

}  // namespace kdump::kexec::arm64
