// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sys_root.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>

namespace kdump {
namespace fs = std::filesystem;

SysRoot::SysRoot(std::string prefix) : prefix_(std::move(prefix)) {
  while (prefix_.ends_with('/')) prefix_.pop_back();
}

std::string SysRoot::path(std::string_view absolute) const {
  return prefix_ + std::string(absolute);
}

Result<std::string> SysRoot::read(std::string_view absolute) const {
  return read_file(path(absolute));
}

Result<std::string> SysRoot::read_value(std::string_view absolute) const {
  const std::string text = TRY(read(absolute));
  return std::string(trim(text));
}

bool SysRoot::exists(std::string_view absolute) const {
  std::error_code error;
  return fs::exists(path(absolute), error);
}

bool SysRoot::is_directory(std::string_view absolute) const {
  std::error_code error;
  return fs::is_directory(path(absolute), error);
}

Result<std::vector<std::string>> SysRoot::list(std::string_view absolute) const {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator entries(path(absolute), error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    names.push_back(entries->path().filename().string());
  }
  if (error) return system_error(error.value(), "cannot list {}", path(absolute));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> SysRoot::read_link(std::string_view absolute) const {
  std::error_code error;
  const fs::path target = fs::read_symlink(path(absolute), error);
  if (error) return system_error(error.value(), "cannot read the link {}", path(absolute));
  return target.string();
}

Result<std::string> SysRoot::resolve(std::string_view absolute) const {
  constexpr int kMaxLinks = 40;
  std::deque<std::string> todo;
  for (const std::string_view part : split(absolute, '/')) todo.emplace_back(part);
  std::string resolved;
  int links = 0;
  while (!todo.empty()) {
    const std::string part = std::move(todo.front());
    todo.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      resolved.erase(std::min(resolved.rfind('/'), resolved.size()));
      continue;
    }
    const std::string next = fmt::format("{}/{}", resolved, part);
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path(next), error);
    if (!fs::status_known(status) || status.type() == fs::file_type::not_found) {
      return system_error(
          error.value() != 0 ? error.value() : ENOENT, "cannot resolve {}", path(absolute));
    }
    if (status.type() != fs::file_type::symlink) {
      resolved = next;
      continue;
    }
    if (++links > kMaxLinks) return system_error(ELOOP, "cannot resolve {}", path(absolute));
    const std::string target = TRY(read_link(next));
    if (target.starts_with('/')) resolved.clear();
    const auto parts = split(target, '/');
    todo.insert(todo.begin(), parts.begin(), parts.end());
  }
  return resolved.empty() ? std::string("/") : resolved;
}

}  // namespace kdump
