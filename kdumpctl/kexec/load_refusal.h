// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/sys_root.h"
#include "kdumpctl/kexec/load_plan.h"
#include "kdumpctl/kexec/syscall_choice.h"

#include <cstdint>
#include <optional>
#include <string>

namespace kdump::kexec {

/// What a kernel that refuses a kexec system call may have against it.
struct RefusalFacts {
  LoadKind kind = LoadKind::kPanic;
  Syscall syscall = Syscall::kLoad;
  bool may_boot = true;        ///< this process has CAP_SYS_BOOT
  std::string lockdown{};      ///< "none", "integrity", "confidentiality"; "" when unknown
  bool secure_boot = false;    ///< the firmware enforces it
  bool load_disabled = false;  ///< kernel.kexec_load_disabled
  /// kernel.kexec_load_limit_panic or kernel.kexec_load_limit_reboot; -1: no limit
  std::optional<std::int64_t> loads_left{};
  std::string security_modules{};  ///< /sys/kernel/security/lsm
};

/// Reads /proc/self/status, /sys/kernel/security, the firmware's SecureBoot variable and
/// /proc/sys/kernel/kexec_*. What cannot be read counts as no obstacle.
[[nodiscard]] RefusalFacts read_refusal_facts(const SysRoot& root, LoadKind kind, Syscall syscall);

/// "kernel.kexec_load_limit_panic allows 3 more loads or unloads until the next boot"; nothing
/// where there is no limit.
[[nodiscard]] std::optional<std::string> load_limit_note(const SysRoot& root, LoadKind kind);

/// The firmware checks signatures: SecureBoot is 1 and SetupMode is not.
[[nodiscard]] bool secure_boot_enforced(const SysRoot& root);

/// One sentence and the remedy for the errno of kexec_load(2) or kexec_file_load(2). `doing`:
/// "cannot load the panic kernel".
[[nodiscard]] Error explain_refusal(int code, const std::string& doing, const RefusalFacts& facts);

}  // namespace kdump::kexec
