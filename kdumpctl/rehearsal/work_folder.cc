// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/work_folder.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace kdump::ctl::rehearsal {

Result<WorkFolder> WorkFolder::create(const std::string& prefix) {
  std::string folder = prefix + "-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return system_error(errno, "cannot create {}", folder);
  return WorkFolder(folder);
}

WorkFolder::~WorkFolder() {
  if (folder_.empty() || kept_) return;
  std::error_code error;
  std::filesystem::remove_all(folder_, error);  // what stays is in a folder for such things
}

std::string WorkFolder::path(std::string_view name) const {
  return name.empty() ? folder_ : folder_ + "/" + std::string(name);
}

}  // namespace kdump::ctl::rehearsal
