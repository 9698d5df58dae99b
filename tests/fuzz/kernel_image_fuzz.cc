// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel files in every form: bzImage, arm64 Image, compressed, EFI zboot, unified.
#include "kdumpctl/kexec/kernel_image.h"

#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto image = kexec::check_kernel_image("k", {bytes.begin(), bytes.end()});
  if (!image) return 0;
  // What the planner takes for granted.
  if (image->file().size() != size) __builtin_trap();
  if (image->machine() == kexec::Machine::kArm64) {
    if (image->arm64().image_size == 0 || image->arm64().text_offset >= 0x200000) __builtin_trap();
  } else if (image->setup().kernel_end > image->bytes.size() || image->setup().header_end > 0x290 ||
             image->setup().setup_size >= image->bytes.size()) {
    __builtin_trap();
  }
  return 0;
}
