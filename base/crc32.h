// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kdump {

/// What a CRC-32 register holds after these bytes (polynomial 0xedb88320, the lowest bit first).
/// Without the inversion at the end, which some formats have (IEEE 802.3) and others do not (LVM2).
[[nodiscard]] inline std::uint32_t crc32_register(std::span<const std::byte> bytes,
                                                  std::uint32_t initial) {
  std::uint32_t crc = initial;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0xedb88320U : crc >> 1U;
    }
  }
  return crc;
}

/// As in IEEE 802.3, gzip and zlib.
[[nodiscard]] inline std::uint32_t crc32(std::span<const std::byte> bytes) {
  return ~crc32_register(bytes, 0xffffffffU);
}

}  // namespace kdump
