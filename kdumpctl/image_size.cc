// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/image_size.h"

#include "kdumpctl/kexec/unpack.h"

#include <algorithm>

namespace kdump::ctl {
namespace {

/// More than any machine reserves: a bomb must not keep the caller busy for hours.
constexpr std::uint64_t kEnough = std::uint64_t{64} << 30U;

}  // namespace

UnpackedImage measure_image(std::span<const std::byte> image) {
  UnpackedImage out;
  const Status whole = kexec::unpack(image, [&](std::span<const std::byte> piece) {
    out.size += piece.size();
    return out.size < kEnough;
  });
  if (!whole) out.damage = whole.error().message;
  out.size = std::max<std::uint64_t>(out.size, image.size());
  return out;
}

}  // namespace kdump::ctl
