// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/kdump_conf.h"
#include "config/sysconfig.h"

#include <string>
#include <vector>

namespace kdump::config {

/// One setting that is in force, and who says so.
struct EffectiveSetting {
  std::string name;    ///< as a file would spell it
  std::string value;   ///< likewise
  std::string source;  ///< "FILE:LINE"; "" for a default
};

/// A target as its directive spells it: "ext4 UUID=..."; "" for one that `path` alone names.
[[nodiscard]] std::string spelling_of(const DumpTarget& target);

/// What kdump.conf comes to; settings that are empty by default are left out. Pure.
[[nodiscard]] std::vector<EffectiveSetting> effective_settings(const CheckedConfig& checked);

/// The same of /etc/sysconfig/kdump.
[[nodiscard]] std::vector<EffectiveSetting> effective_settings(const CheckedSysconfig& checked);

}  // namespace kdump::config
