// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kdump::test {

/// A small file with a bzImage's header and payload, whose compressed stream holds stored blocks
/// only; nothing in it can run. The defaults are those of a distribution kernel.
struct BzImageBuilder {
  enum class Payload { kZstd, kLz4, kXz, kGzip, kLzo, kUnknown };

  std::uint16_t protocol = 0x020f;
  std::uint8_t setup_sectors = 39;
  std::uint8_t load_flags = 1;
  std::uint8_t relocatable = 1;
  std::uint16_t xload_flags = 0x7f;
  std::uint32_t kernel_alignment = 0x200000;
  std::uint32_t command_line_size = 2047;
  std::uint64_t preferred_address = 0x1000000;
  std::uint32_t init_size = 0x3378000;
  std::uint8_t jump = 0x6a;
  Payload payload = Payload::kZstd;
  std::size_t payload_blocks = 3;
  std::size_t signature_bytes = 0;  ///< behind the kernel, as a signing tool leaves it

  [[nodiscard]] std::vector<std::byte> build() const;
};

}  // namespace kdump::test
