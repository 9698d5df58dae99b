// SPDX-License-Identifier: GPL-2.0-or-later
// BLS type 1 entries, their order, and extlinux.conf.
#include "kdumpctl/boot/bls_entry.h"
#include "kdumpctl/boot/boot_files.h"
#include "kdumpctl/boot/extlinux.h"
#include "kdumpctl/boot/version_order.h"

#include <algorithm>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  std::string text(size, '\0');
  std::transform(
      data, data + size, text.begin(), [](std::uint8_t byte) { return static_cast<char>(byte); });
  const std::string name = text.substr(0, text.find('\n'));
  const auto entry = boot::parse_bls_entry(text, "/e/" + name + ".conf", "x86_64");
  if (entry && *entry && boot::before_in_menu(**entry, **entry)) __builtin_trap();
  const std::string half = name.substr(0, name.size() / 2);
  const int order = boot::compare_versions(name, half);
  const int reverse = boot::compare_versions(half, name);
  if ((order < 0) != (reverse > 0) || (order > 0) != (reverse < 0)) __builtin_trap();
  if (boot::compare_bls_file_names(name, name) != 0) __builtin_trap();
  const std::string path = boot::clean_path(name);
  if (!path.starts_with('/') || path.find("//") != std::string::npos) __builtin_trap();
  if (const auto menu = boot::parse_extlinux(text, "extlinux.conf")) {
    if (!menu->labels.empty() && menu->default_label >= menu->labels.size()) __builtin_trap();
  }
  return 0;
}
