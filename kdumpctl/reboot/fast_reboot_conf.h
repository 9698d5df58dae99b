// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/diagnostic.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace kdump::ctl::reboot {

/// `deny dmi FIELD=PATTERN...` or `deny pci VENDOR:DEVICE`: machines that do not survive a fast
/// reboot.
struct DenyRule {
  int line = 0;
  /// Fields of /sys/class/dmi/id with the pattern that each must match (fnmatch(3)); empty for pci.
  std::vector<std::pair<std::string, std::string>> dmi;
  std::string pci;  ///< "10de:*"
};

/// /etc/kdump-fast-reboot.conf.
struct FastRebootConf {
  std::vector<DenyRule> deny;
  /// How long the hardware watchdog waits for the new kernel to look after it; 0: not armed.
  std::chrono::seconds watchdog{300};
};

struct CheckedFastRebootConf {
  FastRebootConf conf;
  config::Diagnostics diagnostics;
};

/// Pure. At most 1000 rules.
[[nodiscard]] CheckedFastRebootConf check_fast_reboot_conf(std::string_view text,
                                                           const std::string& file);

/// Reads and checks it; an absent file gives the defaults.
Result<CheckedFastRebootConf> load_fast_reboot_conf(const SysRoot& root);

inline constexpr const char* kFastRebootConf = "/etc/kdump-fast-reboot.conf";

/// Which rule this machine falls under: "FILE:LINE: deny pci 10de:* (0000:01:00.0 is 10de:1db4)",
/// or
/// "" when there is none.
[[nodiscard]] std::string denied_by(const FastRebootConf& conf, const SysRoot& root);

}  // namespace kdump::ctl::reboot
