// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kdump::test {

/// A small file with an arm64 Image's header, and the PE header that an EFI stub brings; nothing in
/// it can run. The defaults are those of a distribution kernel.
struct Arm64ImageBuilder {
  std::uint64_t text_offset = 0;
  std::uint64_t image_size = 0x2a40000;
  std::uint64_t flags = 0xa;  ///< 4 KiB pages, anywhere
  bool efi_stub = true;
  std::size_t code_bytes = 20000;
  std::size_t signature_bytes = 0;  ///< behind the sections, as a signing tool leaves it

  [[nodiscard]] std::vector<std::byte> build() const;
};

/// An EFI zboot image around a payload.
[[nodiscard]] std::vector<std::byte> zboot_image(const std::string& compression,
                                                 std::span<const std::byte> payload);

/// A device tree with one memory node, a console and a /chosen as a boot loader leaves it: an
/// initrd at 0x48000000 (with a reservation of its memory), seeds, bootargs. `cells`: how many
/// 32-bit words addresses and sizes have.
[[nodiscard]] std::vector<std::byte> firmware_tree(std::uint32_t cells = 2);

/// The tree that the EFI stub makes on a host with ACPI: a root, and /chosen with the places of
/// EFI's tables.
[[nodiscard]] std::vector<std::byte> efi_stub_tree();

}  // namespace kdump::test
