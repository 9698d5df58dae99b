// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>

namespace kdump::test {

/// Copies the files that read_host_facts reads from `host` into the folder `to`, as a root that it
/// can read again. Of /proc/kcore only the headers, of /sys only what is read.
Status record_host(const SysRoot& host, const std::string& to);

}  // namespace kdump::test
