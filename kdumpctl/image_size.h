// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kdump::ctl {

/// Bytes that a capture image takes when the kernel has unpacked it, by unpacking it without
/// keeping anything. Never less than its packed size: that is also the answer for an image that is
/// not one compressed archive, for which it is only a lower bound.
[[nodiscard]] std::uint64_t unpacked_size(std::span<const std::byte> image);

}  // namespace kdump::ctl
