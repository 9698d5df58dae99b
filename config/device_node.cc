// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/device_node.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kdump::config {
namespace {

struct Tag {
  std::string_view prefix;
  std::string_view folder;
};
constexpr std::array<Tag, 4> kTags = {{{"UUID=", "/dev/disk/by-uuid/"},
                                       {"LABEL=", "/dev/disk/by-label/"},
                                       {"PARTUUID=", "/dev/disk/by-partuuid/"},
                                       {"PARTLABEL=", "/dev/disk/by-partlabel/"}}};

}  // namespace

std::string device_node(const SysRoot& root, const std::string& device) {
  std::string path = device;
  for (const Tag& tag : kTags) {
    if (device.starts_with(tag.prefix)) {
      path = std::string(tag.folder) + device.substr(tag.prefix.size());
    }
  }
  return root.resolve(path).value_or(path);
}

const MountPoint* mount_of_device(const SysRoot& root,
                                  const MountTable& mounts,
                                  const std::string& device) {
  const std::string node = device_node(root, device);
  const auto& all = mounts.mounts();
  const auto found = std::find_if(all.rbegin(), all.rend(), [&](const MountPoint& mount) {
    return mount.source.starts_with('/') && device_node(root, mount.source) == node;
  });
  return found == all.rend() ? nullptr : &*found;
}

}  // namespace kdump::config
