// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string_view>

namespace kdump::ctl::reboot {

/// Whether the root= of a command line exists on this host: UUID=, LABEL=, PARTUUID=, PARTLABEL= by
/// udev's links, a path in /dev, major:minor. kNotFound says what is missing. A command line
/// without root=, and forms that only an initrd understands (nfs, zfs:, live:), pass.
Status check_root_device(std::string_view command_line, const SysRoot& root);

}  // namespace kdump::ctl::reboot
