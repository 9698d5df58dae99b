// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/sys_root.h"

#include <cstdint>
#include <optional>
#include <string>

namespace kdump::kexec {

/// What a kernel that refuses a kexec system call may have against it.
struct RefusalFacts {
  bool may_boot = true;        ///< this process has CAP_SYS_BOOT
  std::string lockdown{};      ///< "none", "integrity", "confidentiality"; "" when unknown
  bool load_disabled = false;  ///< kernel.kexec_load_disabled
  std::optional<std::int64_t> loads_left{};  ///< kernel.kexec_load_limit_panic; -1: no limit
};

/// Reads /proc/self/status, /sys/kernel/security/lockdown and /proc/sys/kernel/kexec_*. What cannot
/// be read counts as no obstacle.
[[nodiscard]] RefusalFacts read_refusal_facts(const SysRoot& root);

/// One sentence and the remedy for the errno of kexec_load(2) or kexec_file_load(2). `doing`:
/// "cannot load the panic kernel".
[[nodiscard]] Error explain_refusal(int code, const std::string& doing, const RefusalFacts& facts);

}  // namespace kdump::kexec
