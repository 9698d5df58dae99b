// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/kexec/syscall_choice.h"
#include "kdumpctl/reboot/next_kernel.h"

#include <string>
#include <vector>

namespace kdump::ctl::reboot {

/// How a kernel was loaded.
struct LoadedBy {
  kexec::Syscall syscall = kexec::Syscall::kLoad;
  std::string reason;         ///< why this system call
  bool against_wish = false;  ///< -s or -c was not followed
};

/// Everything by which these verbs change the host or talk to a person, in one interface: tests put
/// their own in its place.
class RebootActions {
 public:
  RebootActions() = default;
  RebootActions(const RebootActions&) = delete;
  RebootActions& operator=(const RebootActions&) = delete;
  virtual ~RebootActions() = default;

  /// Reads, checks and lays out, and changes nothing; the layout as text.
  virtual Result<std::string> plan(const NextKernel& next) = 0;
  /// Loads in place of what is loaded for a reboot.
  virtual Result<LoadedBy> load(const NextKernel& next) = 0;
  virtual Status unload() = 0;
  /// Runs a program to its end and gives its standard output; `environment` rows are added to ours.
  /// kSystem when it fails.
  virtual Result<std::string> run(const std::vector<std::string>& argv,
                                  const std::vector<std::string>& environment) = 0;
  [[nodiscard]] virtual bool has_terminal() const = 0;
  /// Prints the question and reads a line.
  virtual Result<std::string> ask(const std::string& question) = 0;
};

/// The real ones.
class RunningReboot : public RebootActions {
 public:
  explicit RunningReboot(SysRoot root) : root_(std::move(root)) {}

  Result<std::string> plan(const NextKernel& next) override;
  Result<LoadedBy> load(const NextKernel& next) override;
  Status unload() override;
  Result<std::string> run(const std::vector<std::string>& argv,
                          const std::vector<std::string>& environment) override;
  [[nodiscard]] bool has_terminal() const override;
  Result<std::string> ask(const std::string& question) override;

 private:
  SysRoot root_;
};

}  // namespace kdump::ctl::reboot
