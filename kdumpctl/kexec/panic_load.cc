// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/panic_load.h"

namespace kdump::kexec {
namespace {

Status load_by(Loader& loader, const PanicLoad& load, Syscall syscall) {
  return syscall == Syscall::kLoad ? loader.load(load.plan) : loader.load(load.files);
}

}  // namespace

Result<PanicLoadResult> load_panic_kernel(Loader& loader, const PanicLoad& load) {
  const SyscallChoice& choice = load.choice;
  const auto first = load_by(loader, load, choice.first);
  if (first) return PanicLoadResult{.used = choice.first, .refusal = {}};
  if (!falls_back(choice.fallback, first.error().code)) return first.error();
  const Syscall other = choice.first == Syscall::kLoad ? Syscall::kFileLoad : Syscall::kLoad;
  TRY(load_by(loader, load, other));
  return PanicLoadResult{.used = other, .refusal = first.error().message};
}

}  // namespace kdump::kexec
