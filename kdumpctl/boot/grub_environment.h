// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <map>
#include <string>
#include <string_view>

namespace kdump::boot {

/// GRUB's environment block (GRUB manual, "The GRUB environment block"): a comment line, NAME=VALUE
/// lines in which a backslash protects the next character, and '#' up to the end of the block, 1024
/// bytes as grub-editenv makes it.
class GrubEnvironment {
 public:
  /// kBadData names `file` and the remedy. At most 64 KiB.
  static Result<GrubEnvironment> parse(std::string_view block, const std::string& file);

  [[nodiscard]] const std::map<std::string, std::string>& variables() const { return variables_; }
  /// "" when it is not set.
  [[nodiscard]] std::string value(const std::string& name) const;
  void unset(const std::string& name) { variables_.erase(name); }

  /// The block of the same size. Removing a variable always fits.
  [[nodiscard]] std::string to_block() const;

 private:
  std::map<std::string, std::string> variables_;
  std::size_t size_ = 0;
};

}  // namespace kdump::boot
