// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/block_device.h"

#include "base/text.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/iscsi_session.h"
#include "mkdumprd/stacked_device.h"

#include <algorithm>
#include <cctype>

namespace kdump::mkdumprd {
namespace {

constexpr std::string_view kDevices = "/sys/devices";

std::string attribute(const SysRoot& root, const std::string& path) {
  return root.read_value(path).value_or(std::string());
}

/// Last component of what a sysfs link leads to; "" when there is no such link.
std::string link_name(const SysRoot& root, const std::string& path) {
  const auto target = root.read_link(path);
  return target ? std::string(name_of(*target)) : std::string();
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
}

bool is_numbered(std::string_view name, std::string_view stem) {
  return name.starts_with(stem) && all_digits(name.substr(stem.size()));
}

StackDevice read_stack_device(const SysRoot& root, const std::string& path) {
  StackDevice device;
  device.sysfs_path = path;
  device.modalias = attribute(root, path + "/modalias");
  device.driver = link_name(root, path + "/driver");
  if (!device.driver.empty()) device.module = link_name(root, path + "/driver/module");
  // Built-in code has a folder in /sys/module too, but no initstate in it.
  device.module_is_loaded =
      !device.module.empty() && root.exists("/sys/module/" + device.module + "/initstate");
  return device;
}

/// `path` and the folders above it, outermost first.
std::vector<std::string> ancestors(std::string path) {
  std::vector<std::string> out;
  for (; path.starts_with(kDevices) && path.size() > kDevices.size(); path = parent_of(path)) {
    out.push_back(path);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

void append_stack(const SysRoot& root, const std::string& path, std::vector<StackDevice>& stack) {
  for (const std::string& folder : ancestors(path)) {
    StackDevice device = read_stack_device(root, folder);
    const bool says_something = !device.modalias.empty() || !device.driver.empty();
    if (says_something && std::find(stack.begin(), stack.end(), device) == stack.end()) {
      stack.push_back(std::move(device));
    }
  }
}

/// With native multipath the disk hangs under a virtual subsystem, which links to its controllers
/// (nvme_init_subsystem() in drivers/nvme/host/core.c).
std::vector<std::string> nvme_controllers(const SysRoot& root, const std::string& disk) {
  std::vector<std::string> controllers;
  const std::string subsystem = parent_of(disk);
  if (!is_numbered(name_of(subsystem), "nvme-subsys")) return controllers;
  const auto names = root.list(subsystem);
  if (!names) return controllers;
  for (const std::string& name : *names) {
    if (!is_numbered(name, "nvme")) continue;
    if (auto path = root.resolve(join(subsystem, name))) controllers.push_back(std::move(*path));
  }
  return controllers;
}

std::string mapper_kind(const SysRoot& root, const std::string& disk) {
  const std::string uuid = attribute(root, disk + "/dm/uuid");
  if (uuid.starts_with("CRYPT-")) return "an encrypted volume (device mapper)";
  return "a device-mapper device";
}

/// What modules alone cannot set up, found along the path of one disk or controller.
std::string path_obstacle(const SysRoot& root, const std::string& path) {
  if (path.starts_with("/sys/devices/rbd/")) return "a Ceph RBD image";
  for (const std::string& folder : ancestors(path)) {
    // fcoe_ctlr_device_add() of drivers/scsi/fcoe: below the network interface.
    if (is_numbered(name_of(folder), "ctlr_")) return "an FCoE disk";
    const std::string transport = attribute(root, folder + "/transport");
    if (is_numbered(name_of(folder), "nvme") && !transport.empty() && transport != "pcie") {
      return fmt::format("an NVMe over fabrics ({}) disk", escape_control(transport));
    }
  }
  return {};
}

std::string disk_obstacle(const SysRoot& root, const std::string& disk, bool has_controllers) {
  if (root.is_directory(disk + "/dm")) return mapper_kind(root, disk);
  if (root.is_directory(disk + "/loop")) return "a loop device";
  const auto slaves = root.list(disk + "/slaves");
  if (slaves && !slaves->empty()) return "a device stacked on " + slaves->front();
  if (disk.starts_with("/sys/devices/virtual/") && !has_controllers) {
    return "a virtual block device";
  }
  return path_obstacle(root, disk);
}

std::string device_node(const SysRoot& root, const std::string& sysfs_path) {
  const std::string uevent = attribute(root, sysfs_path + "/uevent");
  for (const std::string_view line : split_lines(uevent)) {
    constexpr std::string_view kKey = "DEVNAME=";
    if (line.starts_with(kKey)) return "/dev/" + std::string(line.substr(kKey.size()));
  }
  return "/dev/" + std::string(name_of(sysfs_path));
}

}  // namespace

std::vector<StackDevice> read_device_stack(const SysRoot& root, const std::string& path) {
  std::vector<StackDevice> stack;
  append_stack(root, path, stack);
  return stack;
}

Result<BlockDevice> read_block_device(const SysRoot& root, std::string_view number, int depth) {
  auto path = root.resolve("/sys/dev/block/" + std::string(number));
  if (!path) return std::move(path).error().with_context("no such block device");
  BlockDevice device;
  device.name = std::string(name_of(*path));
  device.number = std::string(number);
  device.node = device_node(root, *path);
  const bool is_partition = root.exists(*path + "/partition");
  const std::string disk = is_partition ? parent_of(*path) : *path;
  const std::vector<std::string> controllers = nvme_controllers(root, disk);
  for (const std::string& controller : controllers) {
    append_stack(root, controller, device.stack);
    if (device.obstacle.empty()) device.obstacle = path_obstacle(root, controller);
  }
  append_stack(root, disk, device.stack);
  if (TRY(add_volume(root, disk, depth, device))) return device;
  if (add_iscsi_session(root, disk, device)) return device;
  if (device.obstacle.empty()) device.obstacle = disk_obstacle(root, disk, !controllers.empty());
  return device;
}

Result<std::vector<std::string>> list_block_devices(const SysRoot& root) {
  std::vector<std::string> numbers;
  for (const std::string& name : TRY(root.list("/sys/class/block"))) {
    const auto number = root.read_value("/sys/class/block/" + name + "/dev");
    // A device can vanish between the listing and the look at it.
    if (number) numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace kdump::mkdumprd
