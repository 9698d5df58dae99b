// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"

#include <string>

namespace kdump::config {

/// The file with the host's name servers: /etc/resolv.conf, or the one that systemd-resolved keeps
/// beside it when that names nothing but its stub (systemd-resolved.service(8)).
[[nodiscard]] std::string resolver_file(const SysRoot& root);

}  // namespace kdump::config
