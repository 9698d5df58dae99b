// SPDX-License-Identifier: GPL-2.0-or-later
// grub.cfg and grubenv; the first 1024 bytes are the environment block's lines.
#include "kdumpctl/boot/grub_menu.h"
#include "tests/support/temp_tree.h"

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  static const test::TempTree tree;
  std::string text(size, '\0');
  std::transform(
      data, data + size, text.begin(), [](std::uint8_t byte) { return static_cast<char>(byte); });
  const std::string lines = text.substr(0, std::min(text.find("\n\n"), std::size_t{900}));
  const auto environment =
      boot::GrubEnvironment::parse("# GRUB Environment Block\n" + lines, "grubenv");
  if (!environment) return 0;
  if (!boot::GrubEnvironment::parse(environment->to_block(), "grubenv")) __builtin_trap();
  tree.write("/boot/grub/grub.cfg", text);
  const auto menu = boot::read_grub_menu(tree.root(), "/boot/grub/grub.cfg", *environment);
  if (!menu) return 0;
  const auto wanted = menu->variables.find("default");
  if (wanted != menu->variables.end()) {
    const auto* found = boot::find_grub_default(menu->nodes, wanted->second);
    if (found != nullptr && found->kind == boot::GrubNode::Kind::kSubmenu) __builtin_trap();
  }
  return 0;
}
