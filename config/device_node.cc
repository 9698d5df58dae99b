// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/device_node.h"

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

}  // namespace kdump::config
