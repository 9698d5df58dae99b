// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_load.h"

namespace kdump::kexec {
namespace {

Status load_by(Loader& loader, const KernelLoad& load, Syscall syscall) {
  return syscall == Syscall::kLoad ? loader.load(load.plan) : loader.load(load.files);
}

}  // namespace

Result<KernelLoadResult> load_kernel(Loader& loader, const KernelLoad& load) {
  const SyscallChoice& choice = load.choice;
  const auto first = load_by(loader, load, choice.first);
  if (first) return KernelLoadResult{.used = choice.first, .refusal = {}};
  if (!falls_back(choice.fallback, first.error().code)) return first.error();
  const Syscall other = choice.first == Syscall::kLoad ? Syscall::kFileLoad : Syscall::kLoad;
  TRY(load_by(loader, load, other));
  return KernelLoadResult{.used = other, .refusal = first.error().message};
}

}  // namespace kdump::kexec
