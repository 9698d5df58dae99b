// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/kexec/file_load_plan.h"
#include "kdumpctl/kexec/kexec_syscalls.h"
#include "kdumpctl/kexec/load_plan.h"
#include "kdumpctl/kexec/syscall_choice.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kdump::kexec {

/// Loads and unloads kernels for a panic or a reboot. `root` is where the reasons for a refusal are
/// read; with the real system calls anything but the running host is kUsage, so that `--root DIR`
/// and tests can never load.
class Loader {
 public:
  Loader(SysRoot root, KexecSyscalls& calls) : root_(std::move(root)), calls_(calls) {}

  /// Loads in place of what is loaded for the same purpose. On failure the error says why in one
  /// sentence, the remedy, and whether something is still loaded: from the point on where the
  /// kernel starts to check what it got, the old one is gone. Error::code is the errno.
  Status load(const LoadPlan& plan);
  Status load(const FileLoadPlan& plan);

  /// Success when nothing was loaded.
  Status unload(LoadKind kind);

 private:
  template <typename Call>
  Status finish(LoadKind kind, Syscall syscall, Call call);

  SysRoot root_;
  KexecSyscalls& calls_;
};

/// Whether a kernel is loaded for that purpose (world-readable); kNotFound on kernels without
/// kexec.
Result<bool> is_loaded(LoadKind kind, const SysRoot& root);

/// The same for a panic kernel.
Result<bool> crash_loaded(const SysRoot& root);

/// Bytes reserved by crashkernel=; 0 when there is none. Newer kernels count the low region, older
/// ones (6.1) do not: the whole truth is in MemoryMap.
Result<std::uint64_t> crash_size(const SysRoot& root);

/// Bytes from getrandom(2) for a request's rng_seed.
Result<std::vector<std::byte>> random_seed();

}  // namespace kdump::kexec
