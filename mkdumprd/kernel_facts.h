// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// How an image is packed; the kernel unpacks what its configuration says.
enum class Packing { kZstd, kGzip, kNone };

[[nodiscard]] const char* to_string(Packing packing);

/// The kernel that will run in the reserved memory.
struct KernelFacts {
  std::string release;
  /// /lib/modules/RELEASE with every link resolved; it has been depmod'ed.
  std::string modules_folder;
  bool is_running = false;  ///< so that what sysfs and /proc say holds for it
  /// /proc/filesystems of the running kernel: types that need no module any more.
  std::vector<std::string> registered_file_systems;
  std::vector<std::string> loaded_modules;  ///< of the running kernel (/proc/modules)
  Packing packing = Packing::kGzip;
  std::string packing_reason;  ///< "CONFIG_RD_ZSTD=y in /boot/config-6.1.0"
};

/// `release` "": the running kernel. kNotFound, with a remedy, when its modules are not installed.
Result<KernelFacts> read_kernel(const SysRoot& root, const std::string& release);

}  // namespace kdump::mkdumprd
