// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

namespace kdump::ctl {

/// Whether `systemctl mask` forbids to start kdump.service at all.
[[nodiscard]] bool is_unit_masked(const SysRoot& root);

/// Whether systemd starts kdump.service at boot, by the links that `systemctl enable` makes.
[[nodiscard]] bool is_unit_enabled(const SysRoot& root);

}  // namespace kdump::ctl
