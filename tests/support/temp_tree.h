// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

#include <string>
#include <string_view>

namespace kdump::test {

/// A temporary folder that is removed with everything in it; stands in for the host's / in tests.
class TempTree {
 public:
  TempTree();
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;
  ~TempTree();

  /// Creates the file and its parents; `absolute` begins with '/'.
  void write(std::string_view absolute, std::string_view text) const;
  void make_directory(std::string_view absolute) const;
  void link(std::string_view absolute, std::string_view target) const;
  [[nodiscard]] std::string read(std::string_view absolute) const;
  [[nodiscard]] bool exists(std::string_view absolute) const;
  /// The file's permission bits.
  [[nodiscard]] unsigned mode(std::string_view absolute) const;
  [[nodiscard]] std::string path(std::string_view absolute) const {
    return folder_ + std::string(absolute);
  }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] SysRoot root() const { return SysRoot(folder_); }

 private:
  std::string folder_;
};

}  // namespace kdump::test
