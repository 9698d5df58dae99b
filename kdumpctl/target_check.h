// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"

#include <cstdint>
#include <optional>
#include <string>

namespace kdump::ctl {

/// Whether a dump could be saved now, as far as the running host can tell.
struct TargetCheck {
  enum class Verdict { kGood, kBad, kUnknown };
  Verdict verdict = Verdict::kUnknown;
  std::string text;          ///< "/var/crash: ext4, 12.0 GiB free"; what is wrong; why unknown
  std::string remedy{};      ///< for kBad
  std::int64_t checked = 0;  ///< seconds since 1970
};

/// Looks at the configured target, which may wait for a disk.
TargetCheck check_target(const SysRoot& root, const config::KdumpConfig& config);

/// What status shows without looking at any disk: /run/kdump/target.json.
Status remember_target_check(const SysRoot& root, const TargetCheck& check);
/// Nothing when there was none in this boot; kBadData for a damaged file.
Result<std::optional<TargetCheck>> last_target_check(const SysRoot& root);

/// "good", "bad", "unknown".
[[nodiscard]] const char* to_string(TargetCheck::Verdict verdict);

}  // namespace kdump::ctl
