// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot_id.h"

namespace kdump::ctl {

Result<std::string> read_boot_id(const SysRoot& root) {
  return root.read_value("/proc/sys/kernel/random/boot_id");
}

}  // namespace kdump::ctl
