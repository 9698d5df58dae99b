// SPDX-License-Identifier: GPL-2.0-or-later
// Unified kernel images.
#include "kdumpctl/boot/unified_image.h"
#include "tests/support/temp_tree.h"

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  static const test::TempTree tree;
  std::string text(size, '\0');
  std::transform(
      data, data + size, text.begin(), [](std::uint8_t byte) { return static_cast<char>(byte); });
  tree.write("/u.efi", text);
  if (const auto image = boot::read_unified_image(tree.path("/u.efi"))) {
    const auto entry = boot::unified_entry(*image, "/efi/EFI/Linux/u.efi");
    if (entry.kernel.empty()) __builtin_trap();
  }
  return 0;
}
