// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/claims.h"

#include <algorithm>
#include <vector>

namespace kdump::agent {
namespace {

std::string folder_of(const std::string& name) { return "/sys/class/block/" + name; }

/// The disk's folder in sysfs; of a disk, its own.
std::string disk_folder(const SysRoot& root, const std::string& name) {
  if (!root.exists(folder_of(name) + "/partition")) return folder_of(name);
  const auto path = root.resolve(folder_of(name));
  return path ? path->substr(0, path->rfind('/')) : folder_of(name);
}

std::vector<std::string> names_in(const SysRoot& root, const std::string& folder) {
  return root.list(folder).value_or(std::vector<std::string>());
}

}  // namespace

std::string disk_attribute(const SysRoot& root, const std::string& name, const char* attribute) {
  for (const char* place : {"/", "/device/"}) {
    auto value = root.read_value(disk_folder(root, name) + place + attribute);
    if (value && !value->empty()) return *std::move(value);
  }
  return {};
}

bool is_path(const SysRoot& root, const std::string& name) {
  const std::string wwid = disk_attribute(root, name, "wwid");
  if (wwid.empty()) return false;
  // One that appears when the device is there already is none of its slaves.
  const auto names = names_in(root, "/sys/class/block");
  return std::any_of(names.begin(), names.end(), [&](const std::string& other) {
    const auto uuid = root.read_value(folder_of(other) + "/dm/uuid");
    if (!uuid || !uuid->starts_with("mpath-")) return false;
    const auto slaves = names_in(root, folder_of(other) + "/slaves");
    return std::any_of(slaves.begin(), slaves.end(), [&](const std::string& slave) {
      return disk_attribute(root, slave, "wwid") == wwid;
    });
  });
}

bool is_claimed(const SysRoot& root, const std::string& name) {
  return !names_in(root, folder_of(name) + "/holders").empty() ||
         !names_in(root, disk_folder(root, name) + "/holders").empty() || is_path(root, name);
}

}  // namespace kdump::agent
