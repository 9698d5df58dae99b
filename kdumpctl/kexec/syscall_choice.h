// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "kdumpctl/kexec/load_plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kdump::kexec {

enum class Syscall { kLoad, kFileLoad };

/// "kexec_load", "kexec_file_load"
[[nodiscard]] std::string_view to_string(Syscall syscall);

/// What the administrator asks for: kexec(8)'s -a, -c and -s; the last one given counts.
enum class SyscallWish { kAuto, kLoad, kFileLoad };

/// What the running kernel says about the two calls. What cannot be read is absent or "".
struct SyscallFacts {
  std::string lockdown{};  ///< "none", "integrity", "confidentiality"
  bool secure_boot = false;
  std::optional<bool> has_load{};       ///< CONFIG_KEXEC
  std::optional<bool> has_file_load{};  ///< CONFIG_KEXEC_FILE
  std::optional<std::int64_t> loads_left{};

  [[nodiscard]] bool locked_down() const { return !lockdown.empty() && lockdown != "none"; }
};

/// Reads /sys/kernel/security/lockdown, the firmware's SecureBoot and SetupMode variables,
/// the load limit of this kind (kernel.kexec_load_limit_*) and the configuration of the running
/// kernel (/boot/config-VERSION, /lib/modules/VERSION/config, /proc/config.gz).
[[nodiscard]] SyscallFacts read_syscall_facts(const SysRoot& root, LoadKind kind);

enum class Fallback {
  kNone,
  kWhenAbsent,      ///< only when the kernel does not have the first call (ENOSYS)
  kWhenNotForThis,  ///< also when the call cannot take this kernel (EINVAL, ENOEXEC, EOPNOTSUPP)
};

struct SyscallChoice {
  Syscall first = Syscall::kLoad;
  Fallback fallback = Fallback::kNone;  ///< to the other one
  std::string reason;
  /// Not what was asked for: worth a warning.
  bool against_wish = false;
};

/// What of a load speaks for kexec_load, which can do more.
struct LoadTraits {
  LoadKind kind = LoadKind::kPanic;
  std::size_t memory_ranges = 0;  ///< entries of the e820 table
  /// What was asked for that kexec_file_load cannot do ("KEXEC_ARGS has --noefi"), or "".
  std::string only_kexec_load;
  /// The kernel shall give keys of encrypted volumes to the panic kernel: kexec_file_load alone.
  bool hands_on_keys = false;
};

[[nodiscard]] SyscallChoice choose_syscall(SyscallWish wish,
                                           const SyscallFacts& facts,
                                           const LoadTraits& traits);

/// Whether the other call shall be tried after `code` from the first one.
[[nodiscard]] bool falls_back(Fallback fallback, int code);

}  // namespace kdump::kexec
