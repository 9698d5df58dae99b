// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/efi_variables.h"

#include <fmt/format.h>

namespace kdump::boot {
namespace {

constexpr std::size_t kLargestVariable = 4096;
constexpr std::size_t kAttributes = 4;

}  // namespace

std::string loader_variable_path(std::string_view name) {
  return fmt::format("/sys/firmware/efi/efivars/{}-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", name);
}

std::string loader_variable(const SysRoot& root, std::string_view name) {
  const auto bytes = read_file(root.path(loader_variable_path(name)), kLargestVariable);
  std::string text;
  if (!bytes) return text;
  for (std::size_t at = kAttributes; at + 1 < bytes->size(); at += 2) {
    const char c = (*bytes)[at];
    const bool ascii = (*bytes)[at + 1] == '\0';
    if (ascii && c == '\0') break;
    text += ascii && c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

}  // namespace kdump::boot
