// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/io.h"
#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump {

/// Where the host's /proc, /sys, /etc, /boot ... are found: "" on a real host, a folder in tests
/// and for `--root DIR`. Every reader of host files takes one, so that nothing in the project has a
/// path to the real host built in.
class SysRoot {
 public:
  SysRoot() = default;
  /// `prefix` without a final slash; "" or "/" for the running host.
  explicit SysRoot(std::string prefix);

  /// The prefix and an absolute path.
  [[nodiscard]] std::string path(std::string_view absolute) const;
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] bool is_host() const { return prefix_.empty(); }

  [[nodiscard]] Result<std::string> read(std::string_view absolute) const;
  /// A one-value attribute (sysfs, procfs): the text without trailing newlines and blanks.
  [[nodiscard]] Result<std::string> read_value(std::string_view absolute) const;
  [[nodiscard]] bool exists(std::string_view absolute) const;
  [[nodiscard]] bool is_directory(std::string_view absolute) const;
  /// Names in a folder, sorted; an absent folder is kNotFound.
  [[nodiscard]] Result<std::vector<std::string>> list(std::string_view absolute) const;
  /// Target of a symbolic link as text.
  [[nodiscard]] Result<std::string> read_link(std::string_view absolute) const;
  /// The same, or nothing where there is no link but a file or a folder; kNotFound where neither
  /// is.
  [[nodiscard]] Result<std::optional<std::string>> link_at(std::string_view absolute) const;
  /// All symbolic links resolved *inside* the root (an absolute link target starts at the root
  /// again, as in a chroot); the result is an absolute path without the prefix. At most 40 links,
  /// as the kernel allows.
  [[nodiscard]] Result<std::string> resolve(std::string_view absolute) const;

 private:
  std::string prefix_;
};

}  // namespace kdump
