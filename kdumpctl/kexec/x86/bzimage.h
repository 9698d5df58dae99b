// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kdump::kexec::x86 {

/// What a bzImage says about itself (Documentation/arch/x86/boot.rst; offsets from the file start).
struct SetupHeader {
  std::uint16_t protocol = 0;           ///< 0x206, boot protocol version, at least 0x020c here
  std::uint64_t setup_size = 0;         ///< bytes in front of the protected-mode kernel
  std::uint64_t header_end = 0;         ///< the header lies at [0x1f1, header_end)
  std::uint64_t kernel_end = 0;         ///< file offset behind the kernel (0x1f4 syssize); a
                                        ///< signature may follow
  std::uint64_t kernel_alignment = 0;   ///< 0x230, bytes, a power of two
  std::uint64_t preferred_address = 0;  ///< 0x258; below it the kernel would move itself away
  std::uint64_t init_size = 0;          ///< 0x260, bytes it needs from its load address on
  std::uint64_t command_line_max = 0;   ///< 0x238, bytes without the final NUL
  bool efi_kexec = false;               ///< 0x236 bit 4: may be given the firmware's EFI tables
  bool five_level_paging = false;       ///< 0x236 bit 5: can be entered with 5-level paging on
  std::string_view compression;         ///< of the payload: "zstd", "lz4", ...
};

/// Checks everything that can be known cheaply about a 64-bit, relocatable bzImage that loads
/// anywhere: header fields, that the file holds what they promise, and that the compressed kernel
/// inside is whole (its frames end where the payload ends). `name` is for messages.
Result<SetupHeader> parse_bzimage(std::span<const std::byte> file, const std::string& name);

/// The 64-bit entry point lies this far behind the load address (boot.rst, "64-bit Boot Protocol").
inline constexpr std::uint64_t kEntryOffset = 0x200;

}  // namespace kdump::kexec::x86
