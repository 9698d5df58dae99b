// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/kexec/file_load_plan.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/kexec/load_plan.h"
#include "kdumpctl/kexec/syscall_choice.h"

#include <string>

namespace kdump::kexec {

/// A kernel that is ready for either system call. When the files are handed over, the plan still
/// says how much memory is needed; the kernel makes a layout of its own.
struct KernelLoad {
  SyscallChoice choice;
  LoadPlan plan;
  FileLoadPlan files;
  std::vector<std::string> volume_keys{};  ///< UUIDs of LUKS volumes whose keys it needs
};

struct KernelLoadResult {
  Syscall used = Syscall::kLoad;
  std::string refusal;  ///< of the first call, when the other one was used; else ""
};

/// Loads by the chosen call, and by the other one where the choice allows that. The error is the
/// last refusal.
Result<KernelLoadResult> load_kernel(Loader& loader, const KernelLoad& load);

}  // namespace kdump::kexec
