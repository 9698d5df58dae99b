// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>

namespace kdump::agent {

/// Has this kernel make keys of what the crashed one has left for it (kernel/crash_dump_dm_crypt.c
/// since Linux 6.16: "restore" below the configfs, which is mounted for it), and returns the one of
/// that description in root's keyring as hexadecimal digits. kUnsupported where the kernel cannot,
/// kNotFound when the crashed kernel has left no such key.
Result<std::string> restore_volume_key(const SysRoot& root, const std::string& description);

}  // namespace kdump::agent
