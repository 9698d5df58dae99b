// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"
#include "kdumpctl/crashkernel_places.h"

#include <cstddef>
#include <optional>
#include <string>

namespace kdump::ctl {

/// Which crashkernel= are to become what.
struct CrashkernelReset {
  std::string value;
  KernelChoice kernel;
  bool kernel_was_named =
      false;                   ///< then an entry of it must exist, where there are entries at all
  bool later_kernels = false;  ///< the files too that new kernels take their parameters from
  bool only_ours = false;      ///< leave alone what the administrator has set
  bool where_absent = false;   ///< with only_ours: add it to an entry that has none
  bool dry_run = false;        ///< print the differences instead
};

/// Carries it out with whatever this host has: rpm-ostree, grubby, the files themselves; GRUB's
/// configuration and zipl's boot block are made anew where they depend on them. Says what it does;
/// returns how many places have changed, or would.
Result<std::size_t> reset_crashkernel(const Context& context, const CrashkernelReset& reset);

/// `wish` as the option has it: "ALL", "DEFAULT", a path, or "" for the kernel that kdump uses.
Result<KernelChoice> choose_kernel(const SysRoot& root, const std::string& wish);

/// auto_reset_crashkernel in kdump.conf, and whether kdump.service is enabled.
Result<bool> may_reset_by_itself(const Context& context);

/// All crashkernel= of the running kernel, separated by blanks; nothing without one.
Result<std::optional<std::string>> running_crashkernel(const SysRoot& root);

}  // namespace kdump::ctl
