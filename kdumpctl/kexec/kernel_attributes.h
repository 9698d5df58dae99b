// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>
#include <string_view>

namespace kdump::kexec {

/// The kernel's kexec attributes have moved: NAME under /sys/kernel/kexec since Linux 7.0, with the
/// old one in /sys/kernel kept as a link that is to go
/// (Documentation/ABI/testing/sysfs-kernel-kexec-kdump).
enum class KexecAttribute { kLoaded, kCrashLoaded, kCrashSize, kCrashCmaRanges, kElfcorehdrSize };

/// The value, wherever it is; kNotFound when this kernel has none.
Result<std::string> read_kexec_attribute(const SysRoot& root, KexecAttribute attribute);

}  // namespace kdump::kexec
