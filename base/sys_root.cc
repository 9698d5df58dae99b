// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sys_root.h"

#include "base/link_walk.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
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

Result<std::optional<std::string>> SysRoot::link_at(std::string_view absolute) const {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path(absolute), error);
  if (!fs::status_known(status) || status.type() == fs::file_type::not_found) {
    return system_error(
        error.value() != 0 ? error.value() : ENOENT, "cannot resolve {}", path(absolute));
  }
  std::optional<std::string> target;
  if (status.type() == fs::file_type::symlink) target = TRY(read_link(absolute));
  return target;
}

Result<std::string> SysRoot::resolve(std::string_view absolute) const {
  return follow_links(absolute, [this](const std::string& next) { return link_at(next); });
}

}  // namespace kdump
