// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>

namespace kdump::ctl {

/// What tells this boot of the host from every other one (/proc/sys/kernel/random/boot_id).
Result<std::string> read_boot_id(const SysRoot& root);

}  // namespace kdump::ctl
