// SPDX-License-Identifier: GPL-2.0-or-later
// The firmware's device tree.
#include "kdumpctl/kexec/arm64/device_tree.h"

#include <cstdint>
#include <libfdt.h>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::vector<std::byte> running(bytes.begin(), bytes.end());
  const std::vector<std::byte> seed(40, std::byte{1});
  const auto tree = kexec::arm64::build_device_tree({.running = running,
                                                     .command_line = "console=ttyAMA0",
                                                     .initrd = {0x48000000, 0x48123456},
                                                     .seed = seed,
                                                     .elfcorehdr = Range{0x4fff0000, 0x50000000},
                                                     .usable = {{0x40000000, 0x50000000}}});
  if (tree && fdt_check_full(tree->data(), tree->size()) != 0) __builtin_trap();
  return 0;
}
