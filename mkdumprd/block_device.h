// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {

/// One device on the way from the bus to the disk, as sysfs shows it.
struct StackDevice {
  std::string sysfs_path;  ///< /sys/devices/pci0000:00/0000:00:04.0
  std::string modalias;    ///< what the kernel would ask user space to load; "" without one
  std::string driver;      ///< name of the bound driver; "" without one
  std::string module;      ///< module behind the driver; "" when sysfs names none
  /// The module was loaded from a file (it has an initstate), so it is not built into the running
  /// kernel.
  bool module_is_loaded = false;
  friend bool operator==(const StackDevice&, const StackDevice&) = default;
};

/// A block device and the devices under it.
struct BlockDevice {
  std::string name;    ///< the kernel's: sda1, nvme0n1p2
  std::string number;  ///< "major:minor"
  std::string node;    ///< /dev/sda1
  /// From the outermost bus to the disk. The controllers of a multipath NVMe device one after the
  /// other.
  std::vector<StackDevice> stack;
  /// What has to be set up between those and this device, the lowest first.
  std::vector<config::PlannedVolume> volumes;
  std::vector<std::string> volume_modules;  ///< kernel modules for that
  std::vector<std::string> warnings;        ///< for the administrator
  /// Why this device cannot be brought up in the capture kernel ("an encrypted volume (device
  /// mapper)"); "" when it can.
  std::string obstacle;
};

/// The devices from the outermost bus to the one at `path` (in /sys/devices) that have a modalias
/// or a driver.
[[nodiscard]] std::vector<StackDevice> read_device_stack(const SysRoot& root,
                                                         const std::string& path);

/// Walks /sys/dev/block/`number`. kNotFound when there is no such device.
/// `depth`: how many volumes were already gone through.
Result<BlockDevice> read_block_device(const SysRoot& root, std::string_view number, int depth = 0);

/// All block devices of the host as "major:minor", in order of their names.
Result<std::vector<std::string>> list_block_devices(const SysRoot& root);

}  // namespace kdump::mkdumprd
