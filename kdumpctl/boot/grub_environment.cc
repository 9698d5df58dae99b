// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/grub_environment.h"

namespace kdump::boot {
namespace {

constexpr std::string_view kSignature = "# GRUB Environment Block\n";
constexpr std::size_t kLargestBlock = std::size_t{64} << 10U;

/// Up to the end of the line that no backslash protects.
std::string take_line(std::string_view& rest) {
  std::string line;
  while (!rest.empty() && rest.front() != '\n') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    line += rest.front();
    rest.remove_prefix(1);
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return line;
}

}  // namespace

Result<GrubEnvironment> GrubEnvironment::parse(std::string_view block, const std::string& file) {
  if (!block.starts_with(kSignature) || block.size() > kLargestBlock) {
    return make_error(ErrorKind::kBadData,
                      "{}: is not a GRUB environment block; make a new one with "
                      "\"grub-editenv {} create\"",
                      file,
                      file);
  }
  GrubEnvironment environment;
  environment.size_ = block.size();
  std::string_view rest = block.substr(kSignature.size());
  while (!rest.empty()) {
    if (rest.front() == '#') {
      rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
      continue;
    }
    const std::string line = take_line(rest);
    const auto equals = line.find('=');
    if (equals == std::string::npos || equals == 0) continue;  // GRUB skips such lines too
    environment.variables_[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return environment;
}

std::string GrubEnvironment::value(const std::string& name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? std::string() : found->second;
}

std::string GrubEnvironment::to_block() const {
  std::string block(kSignature);
  for (const auto& [name, value] : variables_) {
    block += name + '=';
    for (const char c : value) {
      if (c == '\\' || c == '\n') block += '\\';
      block += c;
    }
    block += '\n';
  }
  block.resize(size_, '#');
  return block;
}

}  // namespace kdump::boot
