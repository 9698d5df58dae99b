// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/kexec/load_plan.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kdump::kexec {

/// The only callers of the kexec system calls. `root` is where the reasons for a refusal are read;
/// anything but the running host is kUsage, so that `--root DIR` and tests can never load.
///
/// Loads the plan as panic kernel in place of the one that is loaded. On failure the error says why
/// in one sentence, the remedy, and whether a panic kernel is still loaded: from the point on where
/// the kernel starts to check segments, the old one is gone.
Status load_crash(const LoadPlan& plan, const SysRoot& root);

/// Unloads the panic kernel; success when none was loaded.
Status unload_crash(const SysRoot& root);

/// Whether a panic kernel is loaded (world-readable).
Result<bool> crash_loaded(const SysRoot& root);

/// Bytes reserved by crashkernel=; 0 when there is none. Newer kernels count the low region, older
/// ones (6.1) do not: the whole truth is in MemoryMap.
Result<std::uint64_t> crash_size(const SysRoot& root);

/// 32 bytes from getrandom(2) for CrashLoadRequest::rng_seed.
Result<std::vector<std::byte>> random_seed();

}  // namespace kdump::kexec
