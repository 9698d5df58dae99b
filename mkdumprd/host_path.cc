// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/host_path.h"

#include "base/link_walk.h"

#include <optional>

namespace kdump::mkdumprd {

Result<HostPath> follow(const SysRoot& root, std::string_view absolute) {
  HostPath out;
  out.file = TRY(
      follow_links(absolute, [&](const std::string& next) -> Result<std::optional<std::string>> {
        auto target = TRY(root.link_at(next));
        if (target) out.links.push_back({next, *target});
        return target;
      }));
  return out;
}

std::string parent_of(std::string_view absolute) {
  const auto slash = absolute.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return "/";
  return std::string(absolute.substr(0, slash));
}

std::string_view name_of(std::string_view absolute) {
  return absolute.substr(absolute.rfind('/') + 1);
}

std::string join(std::string_view folder, std::string_view rest) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) return folder.empty() ? std::string("/") : std::string(folder);
  return std::string(folder) + "/" + std::string(rest);
}

}  // namespace kdump::mkdumprd
