// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/boot_files.h"

#include "base/text.h"

#include <filesystem>

namespace kdump::boot {
namespace {

/// A path of a file system, seen through a mount that may show only part of it (a subvolume, a bind
/// mount); "" when the mount does not show it.
std::string through_mount(const MountPoint& mount, const std::string& path) {
  std::string inside = path;
  if (mount.root != "/") {
    // GRUB's paths on btrfs begin at the top level, and so does the mount's root; but a default
    // subvolume makes them begin there.
    if (path.starts_with(mount.root + "/")) inside = path.substr(mount.root.size());
  }
  return clean_path(mount.mount_point + "/" + inside);
}

}  // namespace

std::string clean_path(std::string_view path) {
  std::string result;
  std::string slashes(path);
  for (char& c : slashes) {
    if (c == '\\') c = '/';
  }
  for (const std::string_view part : split(slashes, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      result.erase(std::min(result.rfind('/'), result.size()));
    } else {
      result += fmt::format("/{}", part);
    }
  }
  return result.empty() ? "/" : result;
}

bool is_no_file(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error);
}

Result<BootFiles> BootFiles::read(const SysRoot& root) {
  return BootFiles(root, TRY(MountTable::read(root)));
}

bool BootFiles::is_file(const std::string& path) const {
  const auto resolved = root_.resolve(path);
  std::error_code error;
  return resolved && std::filesystem::is_regular_file(root_.path(*resolved), error);
}

const MountPoint* BootFiles::mount_of(std::string_view device) const {
  const auto colon = device.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const std::string_view kind = device.substr(0, colon);
  const std::string folder = kind == "fs-uuid"    ? "/dev/disk/by-uuid/"
                             : kind == "fs-label" ? "/dev/disk/by-label/"
                                                  : "";
  const std::string_view name = device.substr(colon + 1);
  if (folder.empty() || name.find('/') != std::string_view::npos) return nullptr;
  const auto node = root_.resolve(folder + std::string(name));
  if (!node) return nullptr;
  const std::string block = std::filesystem::path(*node).filename().string();
  const auto number = root_.read_value("/sys/class/block/" + block + "/dev");
  if (!number) return nullptr;
  return mounts_.of_device(*number);
}

std::string BootFiles::find(std::string_view device,
                            std::string_view path,
                            const std::string& beside) const {
  const std::string clean = clean_path(path);
  std::vector<std::string> places;
  if (const MountPoint* mount = mount_of(device)) places.push_back(through_mount(*mount, clean));
  if (!beside.empty()) {
    if (const MountPoint* mount = mounts_.containing(beside)) {
      places.push_back(through_mount(*mount, clean));
    }
  }
  for (const std::string folder : {"/boot", "/", "/boot/efi", "/efi"}) {
    const MountPoint* mount = mounts_.containing(folder);
    if (mount != nullptr && mount->mount_point == folder) {
      places.push_back(through_mount(*mount, clean));
    }
    places.push_back(clean_path(folder + clean));
  }
  for (const std::string& place : places) {
    if (is_file(place)) return place;
  }
  return places.front();
}

}  // namespace kdump::boot
