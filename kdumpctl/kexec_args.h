// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/kexec/syscall_choice.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kdump::ctl {

/// What KEXEC_ARGS can change about the loading of a panic kernel.
struct KexecOptions {
  bool debug = false;                      ///< -d: show the plan
  bool efi_runtime = true;                 ///< false: --noefi
  std::uint64_t lowest_address = 0;        ///< --mem-min
  std::uint64_t end_address = UINT64_MAX;  ///< --mem-max, which is inclusive, plus one
  kexec::SyscallWish syscall = kexec::SyscallWish::kAuto;  ///< -a, -c, -s
  std::string only_kexec_load;  ///< the last option that kexec_file_load has not, or ""
};

/// KEXEC_ARGS understood in kexec(8)'s grammar.
struct CheckedKexecArgs {
  KexecOptions options;
  std::vector<std::string> refusals;  ///< options that ask for what cannot be done, with the reason
  std::vector<std::string> warnings;  ///< options that have no effect but may be missed
  std::vector<std::string> notes;     ///< options that need no effect
};

/// Every option of kexec(8) is implemented, accepted without effect or refused with its reason;
/// unique prefixes of long options count, as with getopt_long(3). Pure.
[[nodiscard]] CheckedKexecArgs check_kexec_args(const std::vector<std::string>& words);

}  // namespace kdump::ctl
