// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/host_path.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>

namespace kdump::mkdumprd {

Result<HostPath> follow(const SysRoot& root, std::string_view absolute) {
  constexpr std::size_t kMaxLinks = 40;
  HostPath out;
  std::deque<std::string> todo;
  for (const std::string_view part : split(absolute, '/')) todo.emplace_back(part);
  while (!todo.empty()) {
    const std::string part = std::move(todo.front());
    todo.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      out.file.erase(std::min(out.file.rfind('/'), out.file.size()));
      continue;
    }
    const std::string next = out.file + "/" + part;
    std::error_code error;
    const auto status = std::filesystem::symlink_status(root.path(next), error);
    if (!std::filesystem::exists(status)) {
      return system_error(error ? error.value() : ENOENT, "{}", root.path(absolute));
    }
    if (!std::filesystem::is_symlink(status)) {
      out.file = next;
      continue;
    }
    if (out.links.size() == kMaxLinks) return system_error(ELOOP, "{}", root.path(absolute));
    out.links.push_back({next, TRY(root.read_link(next))});
    const std::string& target = out.links.back().target;
    if (target.starts_with('/')) out.file.clear();
    const auto parts = split(target, '/');
    todo.insert(todo.begin(), parts.begin(), parts.end());
  }
  if (out.file.empty()) out.file = "/";
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
