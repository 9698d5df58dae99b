// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/kexec/load_plan.h"

#include <string>
#include <vector>

namespace kdump::kexec {

/// The two system calls as the loader uses them: 0 or an errno. An interface, so that tests can be
/// a kernel that refuses.
class KexecSyscalls {
 public:
  KexecSyscalls() = default;
  KexecSyscalls(const KexecSyscalls&) = delete;
  KexecSyscalls& operator=(const KexecSyscalls&) = delete;
  virtual ~KexecSyscalls() = default;

  /// kUsage when these calls would act on another host than the one that `root` shows.
  [[nodiscard]] virtual Status check_serves(const SysRoot& root) const = 0;
  /// kexec_load(2); no segments: unload.
  virtual int load(PhysAddr entry, const std::vector<Segment>& segments, unsigned long flags) = 0;
  /// kexec_file_load(2); `initrd` may be -1.
  virtual int load_files(int kernel,
                         int initrd,
                         const std::string& command_line,
                         unsigned long flags) = 0;
};

/// The running kernel; the only place that makes these calls.
class RunningKernel : public KexecSyscalls {
 public:
  [[nodiscard]] Status check_serves(const SysRoot& root) const override;
  int load(PhysAddr entry, const std::vector<Segment>& segments, unsigned long flags) override;
  int load_files(int kernel,
                 int initrd,
                 const std::string& command_line,
                 unsigned long flags) override;
};

}  // namespace kdump::kexec
