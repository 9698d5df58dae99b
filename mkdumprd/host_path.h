// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {

/// A symbolic link as it lies on the host: its own path (no link in front of its last component)
/// and its text.
struct HostLink {
  std::string path;
  std::string target;
  friend bool operator==(const HostLink&, const HostLink&) = default;
};

/// How a path of the host is reached: every link on the way, then the file. Storing the links and
/// the file makes the path valid in an image too, whether the host has a merged /usr or not.
struct HostPath {
  std::vector<HostLink> links;  ///< in the order in which they are met
  std::string file;             ///< absolute, free of links, without the root's prefix
  friend bool operator==(const HostPath&, const HostPath&) = default;
};

/// Follows `absolute` inside `root` as a chroot would; at most 40 links, as the kernel allows.
/// kNotFound when a component is absent.
Result<HostPath> follow(const SysRoot& root, std::string_view absolute);

/// "/a/b" -> "/a"; "/a" -> "/".
[[nodiscard]] std::string parent_of(std::string_view absolute);
/// "/a/b" -> "b".
[[nodiscard]] std::string_view name_of(std::string_view absolute);
/// Joins with exactly one slash; `rest` may be empty or begin with slashes. join("/", "x") -> "/x".
[[nodiscard]] std::string join(std::string_view folder, std::string_view rest);

}  // namespace kdump::mkdumprd
