// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace kdump::ctl {

struct UnpackedImage {
  /// Bytes that a capture image takes when the kernel has unpacked it. Never less than its packed
  /// size: that is also the answer for an image that is not one compressed archive, for which it is
  /// only a lower bound.
  std::uint64_t size = 0;
  /// Why it is not one whole compressed stream, or "". An image to which somebody has appended
  /// another archive is none either, and the kernel unpacks it all the same.
  std::string damage;
};

/// By unpacking it without keeping anything.
[[nodiscard]] UnpackedImage measure_image(std::span<const std::byte> image);

}  // namespace kdump::ctl
