// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/image_size.h"

#include "kdumpctl/kexec/unpack.h"

#include <algorithm>

namespace kdump::ctl {
namespace {

/// More than any machine reserves: a bomb must not keep the caller busy for hours.
constexpr std::uint64_t kEnough = std::uint64_t{64} << 30U;

}  // namespace

std::uint64_t unpacked_size(std::span<const std::byte> image) {
  std::uint64_t total = 0;
  const Status whole = kexec::unpack(image, [&](std::span<const std::byte> piece) {
    total += piece.size();
    return total < kEnough;
  });
  // Of an image that is damaged, or no compressed archive, the packed size is all that is known.
  static_cast<void>(whole);
  return std::max<std::uint64_t>(total, image.size());
}

}  // namespace kdump::ctl
